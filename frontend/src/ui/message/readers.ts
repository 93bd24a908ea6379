/** Who has read how far, as faces under messages. */
import type { RoomStore } from "../../core/api";

/** Faces up to this size of a room; a count up to the next; nothing above. */
export const FACES_UP_TO = 20;
export const COUNT_UP_TO = 200;

const FACES = 3;

/** Under which row each member's face stands: the last that they have read. Rows of mine that wait have no place yet. */
export function receiptsOf(store: RoomStore, me: string): ReadonlyMap<string, readonly string[]> {
  const under = new Map<string, string[]>();
  const size = store.info.value?.members_count ?? Infinity;
  if (size > FACES_UP_TO) return under;
  const rows = store.rows.value;
  const seqs = rows.map((row) => row.message.peek().seq);
  for (const [userId, seq] of store.reads.value) {
    if (userId === me) continue;
    const index = lastAtOrBelow(seqs, seq);
    // Who wrote a message has read it: their own face says nothing there.
    const row = index < 0 ? undefined : rows[index];
    if (!row || row.message.peek().sender.id === userId) continue;
    under.set(row.key, [...(under.get(row.key) ?? []), userId]);
  }
  return under;
}

/** The last index with a value from 1 to `limit` in a rising list that may end in zeros (messages on their way); -1: none. */
export function lastAtOrBelow(seqs: readonly number[], limit: number): number {
  let low = 0;
  let high = seqs.length - 1;
  while (high >= 0 && seqs[high] === 0) high -= 1;
  let found = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (seqs[middle]! <= limit) {
      found = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return found;
}

/** Which of the readers show a face, and how many more there are. Never "+1": one more face takes no more room. */
export function facesOf<T>(readers: readonly T[]): { faces: readonly T[]; more: number } {
  if (readers.length <= FACES + 1) return { faces: readers, more: 0 };
  return { faces: readers.slice(0, FACES), more: readers.length - FACES };
}

/** How many others have read up to a place. */
export function readersOf(reads: ReadonlyMap<string, number>, seq: number, me: string): number {
  let count = 0;
  for (const [userId, read] of reads) if (userId !== me && read >= seq) count += 1;
  return count;
}
