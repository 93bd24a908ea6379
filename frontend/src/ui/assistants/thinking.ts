/** Since when an answer has been thought about. A message keeps its time over later attempts, so they are noted when seen. */
import type { Row } from "../../core/api";
import { firstSeen } from "./seen";

const begunAt = firstSeen();

/** `now` and the result: ms of the server's clock. The first attempt counts from the message, a later one from when this page heard of it. */
export function thinkingSince(row: Row, now: number): number {
  const { run, created_at } = row.message.peek();
  return (run?.attempt ?? 1) === 1 ? Date.parse(created_at) : begunAt(row, now);
}
