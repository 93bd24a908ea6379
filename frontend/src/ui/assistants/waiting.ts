/** How long an answer that failed is not worth another try. When it failed is not told, so that is noted when it is seen. */
import type { Row } from "../../core/api";
import { firstSeen } from "./seen";

const failedAt = firstSeen();

/** Seconds from `now` (ms of any clock) until it may go better; null once they are over, and where they cannot be known: it failed before this page was there. */
export function secondsToWait(row: Row, now: number): number | null {
  const { run } = row.message.peek();
  if (!run?.retry_after || !row.wasRunning) return null;
  const left = run.retry_after - (now - failedAt(row, now)) / 1000;
  return left > 0 ? left : null;
}
