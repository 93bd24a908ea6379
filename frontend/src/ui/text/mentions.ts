/** Mentions: where one may begin, whom the letters so far may mean, and what a finished text mentions. */
import { beginsWith, HANGUL } from "./hangul";

/** Longer than any name worth typing to the end. */
const LONGEST_QUERY = 32;

const OPENS_AFTER = /[\s\p{P}\p{S}]/u;

/** Whether an @ at this place can mention: at the start, after space, punctuation or Hangul. Not inside a@b.io. */
function opens(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text[at - 1]!;
  // A low surrogate: an emoji or a rare letter stands there; only the former is a symbol.
  const char = before >= "\udc00" && before <= "\udfff" ? text.slice(at - 2, at) : before;
  return OPENS_AFTER.test(char) || HANGUL.test(char);
}

export interface Query {
  /** Where the sign (@ or :) stands, in UTF-16 units like the caret. */
  readonly start: number;
  /** What stands between it and the caret. */
  readonly typed: string;
}

/** The mention being typed at the caret, if any. It may be empty ("@") and may contain one space ("@Mina K"). */
export function mentionQuery(text: string, caret: number): Query | null {
  if (caret === 0) return null;
  const start = text.lastIndexOf("@", caret - 1);
  if (start < 0 || caret - start - 1 > LONGEST_QUERY || !opens(text, start)) return null;
  const typed = text.slice(start + 1, caret);
  if (/\n|^\s|\s\S*\s/.test(typed)) return null;
  return { start, typed };
}

export interface Named {
  readonly id: string;
  readonly name: string;
}

/** Those whose name, or a later word of it, begins with what was typed; exact beginnings first. */
export function matchPeople<T extends Named>(people: readonly T[], typed: string, most = 8): T[] {
  if (typed === "") return people.slice(0, most);
  const wholes: T[] = [];
  const words: T[] = [];
  for (const person of people) {
    if (beginsWith(person.name, typed)) wholes.push(person);
    else if (person.name.split(/\s+/).slice(1).some((word) => beginsWith(word, typed))) words.push(person);
  }
  return [...wholes, ...words].slice(0, most);
}

export interface Found {
  readonly user_id: string;
  /** Code points, as on the wire. */
  readonly start: number;
  readonly length: number;
}

// A Latin name ends where its word ends: @Min does not stand in @Mina. Hangul may follow: 데모야.
const LATIN_WORD = /[\p{Script=Latin}\p{N}_]/u;

/**
 * What a text mentions, for messages that the server has not seen yet: the longest name wins, Hangul may follow it.
 * Code is not looked at here; the server's answer replaces this within the second.
 */
export function findMentions(body: string, people: readonly Named[]): Found[] {
  const byLength = [...people].sort((a, b) => b.name.length - a.name.length);
  const lower = body.toLowerCase();
  const found: Found[] = [];
  for (let at = lower.indexOf("@"); at >= 0; at = lower.indexOf("@", at + 1)) {
    if (!opens(body, at)) continue;
    const person = byLength.find(({ name }) => {
      if (!lower.startsWith(name.toLowerCase(), at + 1)) return false;
      const next = body[at + 1 + name.length] ?? "";
      return !(LATIN_WORD.test(next) && LATIN_WORD.test(name.at(-1) ?? ""));
    });
    if (!person) continue;
    found.push({ user_id: person.id, start: [...body.slice(0, at)].length, length: [...person.name].length + 1 });
    at += person.name.length;
  }
  return found;
}
