/** The list of emoji beside what opened it: six at hand, then all of them. In the top layer, so that nothing cuts it off. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../../i18n";
import { Icon } from "../icon";
import { AT_HAND, choosing, closeEmoji, type Choosing } from "./picker";
import { Grid } from "./Grid";

const GAP_PX = 6;

export function EmojiPanel() {
  const open = choosing.value;
  return open && <Panel key={open.anchor.className} open={open} />;
}

function Panel({ open }: { open: Choosing }) {
  const panel = useRef<HTMLDivElement>(null);
  const [all, setAll] = useState(false);

  // Shown before it is measured: what is not displayed has no size.
  useLayoutEffect(() => {
    const element = panel.current!;
    const toggled = (event: Event): void => {
      if ((event as ToggleEvent).newState === "closed") closeEmoji();
    };
    // Escape and a press outside hide it before this component hears of it; a row's toolbar may be gone by then.
    const hiding = (event: Event): void => {
      if ((event as ToggleEvent).newState === "closed" && element.contains(document.activeElement)) giveBack(open);
    };
    element.showPopover();
    element.addEventListener("toggle", toggled);
    element.addEventListener("beforetoggle", hiding);
    element.querySelector<HTMLElement>("button")?.focus();
    return () => {
      element.removeEventListener("toggle", toggled);
      element.removeEventListener("beforetoggle", hiding);
    };
  }, [open]);
  useLayoutEffect(() => putBeside(panel.current!, open.at), [open, all]);

  const choose = (emoji: string): void => {
    giveBack(open);
    panel.current?.hidePopover();
    open.choose(emoji);
  };
  return (
    <div ref={panel} popover="auto" class="pop emoji-panel" role="dialog" aria-label={t("emoji")}>
      <div class="at-hand">
        {AT_HAND.map((emoji) => (
          <button key={emoji} type="button" class="icon emoji" aria-label={emoji} onClick={() => choose(emoji)}>
            {emoji}
          </button>
        ))}
        <button type="button" class="icon" aria-expanded={all} aria-label={t("more_emoji")} title={t("more_emoji")} onClick={() => setAll(!all)}>
          <Icon name="plus" />
        </button>
      </div>
      {all && <Grid choose={choose} drawn={() => putBeside(panel.current!, open.at)} />}
    </div>
  );
}

function giveBack({ anchor, row }: Choosing): void {
  const home = anchor.isConnected ? anchor : row;
  home?.focus({ preventScroll: true });
}

/** Above the anchor if there is room, else below; always inside the window. */
function putBeside(panel: HTMLElement, at: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = panel;
  const left = Math.max(GAP_PX, Math.min(at.right - width, innerWidth - width - GAP_PX));
  const above = at.top - height - GAP_PX;
  const below = Math.min(at.bottom + GAP_PX, innerHeight - height - GAP_PX);
  panel.style.left = `${left}px`;
  panel.style.top = `${above >= GAP_PX ? above : Math.max(GAP_PX, below)}px`;
}
