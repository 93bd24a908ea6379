/** Since when an answer has been thought about. A message keeps its time over later attempts, so they are noted when seen. */
import type { Row } from "../../core/api";

const seen = new WeakMap<Row, { readonly attempt: number; readonly at: number }>();

/** `now` and the result: ms of the server's clock. The first attempt counts from the message, a later one from when this page heard of it. */
export function thinkingSince(row: Row, now: number): number {
  const { run, created_at } = row.message.peek();
  const attempt = run?.attempt ?? 1;
  if (attempt === 1) return Date.parse(created_at);
  const known = seen.get(row);
  if (known?.attempt === attempt) return known.at;
  seen.set(row, { attempt, at: now });
  return now;
}
