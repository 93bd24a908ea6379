/** When this page first saw something of an attempt at an answer: the server tells no time of it. */
import type { Row } from "../../core/api";

/** A memory of its own for each thing that is seen, by any clock: the time at which it was asked first about this row's present attempt. */
export function firstSeen(): (row: Row, now: number) => number {
  const seen = new WeakMap<Row, { readonly attempt: number; readonly at: number }>();
  return (row, now) => {
    const attempt = row.message.peek().run?.attempt ?? 1;
    const known = seen.get(row);
    if (known?.attempt === attempt) return known.at;
    seen.set(row, { attempt, at: now });
    return now;
  };
}
