/** How many answers of an assistant wait for their turn. */
import type { Row } from "../../core/api";

/**
 * Those among the loaded rows, wherever they stand: an answer that is written again waits at its old place. Rows that do not
 * reach the end of the room lack the newest answers: then it is `told`, what the server said when it was last asked.
 * Reads the signals of the assistant's own rows.
 */
export function waitingOf(rows: readonly Pick<Row, "message">[], atEnd: boolean, assistantId: string, told: number): number {
  if (!atEnd) return told;
  return rows.filter(({ message }) => message.peek().sender.id === assistantId && message.value.status === "queued").length;
}
