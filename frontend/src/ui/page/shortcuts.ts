/** Keys of the whole page: Ctrl/⌘+K rooms, Ctrl/⌘+Shift+F search, Ctrl/⌘+. stop, F6 from pane to pane. */
import { stopLast } from "../composer/commands";
import { switching } from "../rooms/switching";
import { panel } from "./panels";
import type { RoomView } from "./view";

const PANES = ["rooms", "timeline", "composer", "people"] as const;

/** Listens until the returned function is called. */
export function listenForShortcuts(view: () => RoomView | null): () => void {
  const press = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.code === "KeyK") switching.value = !switching.peek();
    else if (command && event.shiftKey && event.code === "KeyF") panel.value = "search";
    else if (command && event.code === "Period") {
      const now = view();
      if (now) void stopLast(now);
    } else if (event.key === "F6") nextPane(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}

/** Gives the focus to the next pane that is on the page. */
function nextPane(step: 1 | -1): void {
  const panes = PANES.flatMap((name) => {
    const pane = document.querySelector<HTMLElement>(`[data-pane="${name}"]`);
    return pane && pane.offsetParent !== null ? [pane] : [];
  });
  const now = panes.findIndex((pane) => pane.contains(document.activeElement));
  const next = panes[(now + step + panes.length) % panes.length];
  next?.querySelector<HTMLElement>("textarea, a[href], [tabindex='0'], button:not(:disabled)")?.focus();
}
