/** From rows to the items of the list: what stands above each, and which rows share one line. */
import type { Message, Row } from "../../core/api";
import { placeAfter } from "./grouping";

/** One entry of the virtual list. The same object as long as it would look the same. */
export interface Item {
  readonly key: string;
  /** The message; of a fold its first. */
  readonly row: Row;
  /** Further arrivals told in the same line. */
  readonly folded: readonly Row[];
  readonly first: boolean;
  readonly newDay: boolean;
  /** The "New" line stands above. */
  readonly line: boolean;
}

export function isArrival(message: Message): boolean {
  return message.type === "system" && message.params?.["kind"] === "joined";
}

interface Made {
  readonly item: Item;
  readonly above: Row | undefined;
}

/** Makes items; remembers those it made, so that a new message costs one look at each row and one new object. */
export class ItemMaker {
  readonly #made = new WeakMap<Row, Made>();

  /** `lineAfter`: the line stands above the first row whose seq is above it; null: no line. */
  items(rows: readonly Row[], lineAfter: number | null): Item[] {
    const items: Item[] = [];
    let lineToCome = lineAfter !== null;
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index]!;
      const message = row.message.peek();
      const line = lineToCome && message.seq > lineAfter!;
      if (line) lineToCome = false;
      const folded: Row[] = [];
      const above = rows[index - 1];
      if (isArrival(message)) {
        while (index + 1 < rows.length && isArrival(rows[index + 1]!.message.peek())) folded.push(rows[++index]!);
      }
      items.push(this.#item(row, above, folded, line));
    }
    return items;
  }

  #item(row: Row, above: Row | undefined, folded: readonly Row[], line: boolean): Item {
    const made = this.#made.get(row);
    if (made && made.above === above && made.item.line === line && same(made.item.folded, folded)) return made.item;
    const { first, newDay } = placeAfter(above?.message.peek(), row.message.peek());
    // The line parts what was read from what was not: a group does not go on below it.
    const item = { key: row.key, row, folded, first: first || line, newDay, line };
    this.#made.set(row, { item, above });
    return item;
  }
}

function same(a: readonly Row[], b: readonly Row[]): boolean {
  return a.length === b.length && a.every((row, index) => row === b[index]);
}

const LINE_PX = 23;
const HEAD_PX = 40;
const LETTERS_A_LINE = 60;

/** A guess at an item's height until it is measured; what is drawn is always measured. */
export function estimate(item: Item): number {
  const { body } = item.row.message.peek();
  const breaks = body.length < 4000 ? body.split("\n").length - 1 : 40;
  const lines = Math.max(1, breaks + Math.ceil(body.length / LETTERS_A_LINE));
  return 8 + lines * LINE_PX + (item.first ? HEAD_PX : 0) + (item.newDay ? 48 : 0) + (item.line ? 40 : 0);
}
