/** What a search result shows of a message: the surroundings of the first word that was found, and which parts were. */

export interface Part {
  readonly text: string;
  readonly hit: boolean;
}

const LONGEST = 160;
/** Shown before the first hit. */
const BEFORE = 40;

/** A text folded as the search compares it, letter for letter: equal length, so that places are the same. */
function folded(text: string): string {
  let out = "";
  for (const unit of text) {
    const lower = unit.toLowerCase();
    out += lower.length === unit.length ? lower : unit;
  }
  return out;
}

/** The words of a query, longest first: a word inside another does not cut it. */
function wordsOf(query: string): string[] {
  const words = folded(query.normalize("NFC")).split(/\s+/).filter((word) => word !== "");
  return words.sort((a, b) => b.length - a.length);
}

/** One line of a message around its first hit, cut into hits and what lies between. Without any: its beginning. */
export function excerptOf(body: string, query: string): Part[] {
  const text = body.normalize("NFC").replace(/\s+/g, " ").trim();
  const plain = folded(text);
  const words = wordsOf(query);
  const first = Math.min(...words.map((word) => plain.indexOf(word)).filter((at) => at >= 0), Infinity);
  let start = first === Infinity || first <= BEFORE ? 0 : boundary(text, first - BEFORE);
  const end = boundary(text, Math.min(text.length, start + LONGEST));
  const parts: Part[] = start > 0 ? [{ text: "…", hit: false }] : [];
  let from = start;
  while (start < end) {
    const word = words.find((each) => plain.startsWith(each, start) && start + each.length <= end);
    if (word === undefined) {
      start++;
      continue;
    }
    if (start > from) parts.push({ text: text.slice(from, start), hit: false });
    parts.push({ text: text.slice(start, start + word.length), hit: true });
    from = start += word.length;
  }
  if (from < end) parts.push({ text: text.slice(from, end), hit: false });
  if (end < text.length) parts.push({ text: "…", hit: false });
  return parts;
}

/** A place that does not fall between the halves of a character. */
function boundary(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
