/** Keys on a message that has the focus. By their place on the keyboard, so that a Hangul layout reaches them too. */
import type { Row } from "../../core/api";
import { actionsFor, copyText, edit, openReactions, remove, reply } from "../message/actions";
import type { RoomView } from "../page/view";

export type Step = "up" | "down" | "first" | "last";

const STEPS: Record<string, Step> = { ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" };

const LETTERS: Record<string, { readonly needs: "reply" | "edit" | "copy" | "delete" | "react"; act(view: RoomView, row: Row): void }> = {
  KeyR: { needs: "reply", act: reply },
  KeyE: { needs: "edit", act: edit },
  KeyC: { needs: "copy", act: (_view, row) => copyText(row) },
  Delete: { needs: "delete", act: (view, row) => void remove(view, row) },
  Enter: { needs: "react", act: openReactions },
};

/** Where the focus should move, or null. */
export function stepOf(event: KeyboardEvent): Step | null {
  return event.shiftKey || event.ctrlKey || event.metaKey || event.altKey ? null : (STEPS[event.key] ?? null);
}

/** Does what a letter does to a row. True: it was such a key. */
export function actOnKey(event: KeyboardEvent, view: RoomView, row: Row): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  const key = LETTERS[event.code];
  if (!key || !actionsFor(view, row).includes(key.needs)) return false;
  key.act(view, row);
  return true;
}
