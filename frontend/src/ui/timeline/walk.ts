/** The focus on its way through the rows: one row has it, and stays in the page however far the view goes. */
import type { Step } from "./keyboard";
import type { Keyed, VirtualList } from "./list";

export class Walk<T extends Keyed> {
  readonly #list: VirtualList<T>;
  /** Key of the row that has the focus, or had it last. */
  at: string | null = null;

  constructor(list: VirtualList<T>) {
    this.#list = list;
  }

  /** Gives a row the focus and brings it into view; null: the row that had it last, else the newest. */
  focus(key: string | null): void {
    const known = this.at !== null && this.#list.indexOf(this.at) >= 0 ? this.at : null;
    const wanted = key ?? known ?? this.#list.items.at(-1)?.key ?? null;
    if (wanted === null) return;
    this.at = wanted;
    this.#list.refresh();
    this.#list.hostOf(wanted)?.querySelector<HTMLElement>(".msg")?.focus({ preventScroll: true });
    this.#reveal(wanted);
  }

  /** The row that lies one step from another. */
  from(key: string, step: Step): T | undefined {
    const { items } = this.#list;
    const index = this.#list.indexOf(key);
    const next = { up: index - 1, down: index + 1, first: 0, last: items.length - 1 }[step];
    return items[Math.max(0, Math.min(next, items.length - 1))];
  }

  /** Scrolls as little as shows a row whole. */
  #reveal(key: string): void {
    const start = this.#list.startOf(key);
    const height = this.#list.hostOf(key)?.offsetHeight ?? 0;
    if (start === null) return;
    const { offset, viewport } = this.#list;
    if (start < offset) this.#list.moveTo(start);
    else if (start + height > offset + viewport) this.#list.moveTo(Math.min(start, start + height - viewport));
  }
}
