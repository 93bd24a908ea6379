import type { Query } from "../text/mentions";

const SHORTEST = 2;

/** The emoji being named at the caret (":sm"): a colon after the start or space, and two letters. */
export function emojiQuery(text: string, caret: number): Query | null {
  const found = /(?:^|\s):([\p{L}\d_+-]{2,})$/u.exec(text.slice(0, caret));
  const typed = found?.[1];
  return typed === undefined || typed.length < SHORTEST ? null : { start: caret - typed.length - 1, typed };
}
