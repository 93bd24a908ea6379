/** What is unread, and where: for the New line and the chips. */
import type { RoomStore, Row } from "../../core/api";
import type { Item } from "./items";

/** Above this a count says 99+. */
const MOST = 100;

/** The place of the New line among loaded rows. With unread messages before the first of them it has none there. */
export function lineAmong(rows: readonly Row[], line: number | null, olderExist: boolean): number | null {
  const first = rows[0]?.message.peek().seq ?? 0;
  return line !== null && line + 1 < first && olderExist ? null : line;
}

/** Messages of others below an item that nobody here has read, up to 100. */
export function unreadAfter(items: readonly Item[], index: number, read: number, me: string | undefined): number {
  let count = 0;
  for (let at = items.length - 1; at > index && count < MOST; at--) {
    const message = items[at]!.row.message.peek();
    if (message.seq !== 0 && message.seq <= read) break;
    if (message.sender.id !== me && message.type === "text" && message.deleted_at === null) count += 1;
  }
  return count;
}

/** What the chip that leads up counts: unread messages of which the first is above the view or not loaded. */
export function unreadAbove(store: RoomStore, firstInView: Item | undefined): number {
  const line = store.newLine.peek();
  const unread = store.unread.peek();
  const first = firstInView?.row.message.peek().seq ?? 0;
  return line !== null && unread > 0 && line + 1 < first && store.readSeq.peek() < first - 1 ? unread : 0;
}
