/** The text of an answer while it is written. Offsets count code points, as the server does; strings here count UTF-16. */
import type { DeltaEvent } from "./protocol";

export interface Answer {
  readonly attempt: number;
  readonly text: string;
  /** Code points of `text`. */
  readonly length: number;
}

export function answer(attempt: number, text: string): Answer {
  return { attempt, text, length: codePoints(text) };
}

/**
 * `held` with a delta added: appended if it starts where the text ends, trimmed first if it starts before.
 * "hole": it starts beyond the end or belongs to a later attempt, so the text has to be asked for. "stale": of an earlier attempt.
 */
export function extend(held: Answer, delta: Pick<DeltaEvent, "attempt" | "offset" | "text">): Answer | "hole" | "stale" {
  if (delta.attempt < held.attempt) return "stale";
  if (delta.attempt > held.attempt || delta.offset > held.length) return "hole";
  const kept = delta.offset === held.length ? held.text : held.text.slice(0, cutAt(held, delta.offset));
  return { attempt: held.attempt, text: kept + delta.text, length: delta.offset + codePoints(delta.text) };
}

export function codePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    if (pairAt(text, index)) {
      count--;
      index++;
    }
  }
  return count;
}

/** UTF-16 index of a code point's place, counted back from the end: trims are near it. */
function cutAt(held: Answer, place: number): number {
  let index = held.text.length;
  for (let back = held.length - place; back > 0; back--) index -= index >= 2 && pairAt(held.text, index - 2) ? 2 : 1;
  return index;
}

function pairAt(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
}
