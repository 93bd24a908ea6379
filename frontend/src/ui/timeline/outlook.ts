/** What follows from where the view is: the day at its edge, the chips, pages to load, rows that are being read. */
import { signal } from "@preact/signals";
import type { Row } from "../../core/api";
import type { RoomView } from "../page/view";
import { showDay } from "./daymark";
import type { Item } from "./items";
import type { VirtualList } from "./list";
import { unreadAbove, unreadAfter } from "./unread";

/** Further pages are asked for this many heights of the view ahead. */
const AHEAD = 2;
/** The chip that leads down shows from this distance. */
const FAR_PX = 120;
/** Of a row that only begins in view, enough to read a line. */
const READABLE_PX = 40;
/** All the rows that a stable page keeps. */
export const STABLE_ROWS = 1_000;

export class Outlook {
  /** Whether the chip that leads down shows, and its count. */
  readonly below = signal<{ readonly shown: boolean; readonly count: number }>({ shown: false, count: 0 });
  /** Unread messages above the view; 0: no chip. */
  readonly above = signal(0);
  readonly #view: RoomView;
  readonly #list: VirtualList<Item>;
  readonly #day: HTMLElement;

  constructor(view: RoomView, list: VirtualList<Item>, day: HTMLElement) {
    this.#view = view;
    this.#list = list;
    this.#day = day;
  }

  /** At each step of a scroll and after each drawing. */
  look(pinned: boolean): void {
    const range = this.#list.visible();
    showDay(this.#day, this.#list, range?.first ?? null);
    if (!range) return;
    this.#load();
    this.#chips(pinned, range.first, range.last);
  }

  /** Rows of which enough is in view to read them. */
  rows(): Row[] {
    const range = this.#list.visible();
    if (!range) return [];
    const edge = this.#list.offset + this.#list.viewport;
    const rows: Row[] = [];
    for (let index = range.first; index <= range.last; index++) {
      const item = this.#list.items[index];
      if (item && this.#list.startAt(index) + READABLE_PX <= edge) rows.push(item.row, ...item.folded);
    }
    return rows;
  }

  #load(): void {
    const { store, client } = this.#view;
    const ahead = this.#list.viewport * AHEAD;
    const full = client.prefs.stablePage.peek() && this.#list.items.length >= STABLE_ROWS;
    if (this.#list.offset < ahead && store.older.peek() === "more" && !full) void store.loadOlder();
    if (this.#list.fromEnd < ahead && store.newer.peek() === "more") void store.loadNewer();
  }

  #chips(pinned: boolean, first: number, last: number): void {
    const { store } = this.#view;
    const { items } = this.#list;
    const atHead = store.atEnd.peek();
    const shown = !pinned && (this.#list.fromEnd > FAR_PX || !atHead);
    const unread = (): number => (atHead ? unreadAfter(items, last, store.readSeq.peek(), this.#view.me?.id) : store.unread.peek());
    const count = shown ? unread() : 0;
    if (this.below.peek().shown !== shown || this.below.peek().count !== count) this.below.value = { shown, count };
    this.above.value = unreadAbove(store, items[first]);
  }
}
