/** The day of what is in view, at the upper edge; the next day's mark pushes it away. */
import { day } from "../../i18n";
import type { Item } from "./items";
import type { VirtualList } from "./list";

/** Height of the label's strip: see .day-holder in styles/timeline.css. */
const STRIP_PX = 40;
/** How far a mark's line stands below the upper edge of its item. */
const MARK_PX = 25;

/** Says the day of the uppermost item in view. By the list's own numbers: this runs at every step of a scroll. */
export function showDay(label: HTMLElement, list: VirtualList<Item>, first: number | null): void {
  const top = first === null ? undefined : list.items[first];
  if (!top) {
    label.hidden = true;
    return;
  }
  const words = day(new Date(top.row.message.peek().created_at));
  if (label.textContent !== words) label.textContent = words;
  // A list that is shorter than the view is told an offset now and then that it cannot have.
  const offset = Math.min(list.offset, Math.max(0, list.total - list.viewport));
  // The day's own mark is in view and says it already.
  label.hidden = top.newDay && list.startAt(first!) + MARK_PX > offset;
  let push = 0;
  for (let index = first! + 1; index < list.items.length; index++) {
    const item = list.items[index]!;
    const below = list.startAt(index) - offset;
    if (below > STRIP_PX) break;
    if (item.newDay) push = Math.min(0, below - STRIP_PX + MARK_PX / 2);
  }
  const transform = push === 0 ? "" : `translateY(${push}px)`;
  if (label.style.transform !== transform) label.style.transform = transform;
}
