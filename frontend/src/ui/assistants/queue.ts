/** How many answers of an assistant wait for their turn, as the timeline has it: they are among its last rows. */
import type { Row } from "../../core/api";

/** An assistant's queue in a room holds five, and people write between the questions. */
const LOOKED_AT = 60;

/** Reads the signals of the rows it looks at. */
export function waitingOf(rows: readonly Pick<Row, "message">[], assistantId: string): number {
  return rows.slice(-LOOKED_AT).filter(({ message }) => message.value.status === "queued" && message.value.sender.id === assistantId).length;
}
