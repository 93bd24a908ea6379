/** A room's timeline on the screen: joins the store's rows, the virtual list, following, reading and the keyboard. */
import { effect, untracked } from "@preact/signals";
import { render } from "preact";
import type { Row } from "../../core/api";
import { t } from "../../i18n";
import { MessageRow } from "../message/MessageRow";
import { grows } from "../message/Body";
import type { Left } from "../page/left";
import { notify } from "../page/notice";
import type { RoomView, TimelineHandle } from "../page/view";
import { Follow, type Held } from "./follow";
import { ItemMaker, estimate, type Item } from "./items";
import { actOnKey, stepOf, type Step } from "./keyboard";
import { VirtualList } from "./list";
import { Outlook, STABLE_ROWS } from "./outlook";
import { Reader } from "./reading";
import { keyOf, selectedKeys } from "./selection";
import { lineAmong } from "./unread";
import { Walk } from "./walk";

/** A link's message stands at this part of the height. */
const LINK_AT = 0.3;
const MARKED_MS = 2_000;
/** The New line, when a room opens at it. */
const LINE_BELOW_PX = 48;
/** Items among which an answer to me is looked for. */
const NEAR_END = 20;
/** More unread than this open at the end, with a chip that leads up. */
const OPEN_AT_LINE = 100;

export interface Elements {
  readonly scroller: HTMLElement;
  readonly sizer: HTMLElement;
  readonly day: HTMLElement;
}

export class TimelineController implements TimelineHandle {
  readonly outlook: Outlook;
  readonly #view: RoomView;
  readonly #elements: Elements;
  readonly #maker = new ItemMaker();
  readonly #list: VirtualList<Item>;
  readonly #follow: Follow<Item>;
  readonly #walk: Walk<Item>;
  readonly #reader: Reader;
  readonly #stops: (() => void)[];
  #generation = -1;
  #selected: string[] = [];
  #width = 0;
  #goal: { readonly seq: number } | null = null;
  /** The end of the room was asked for and did not load; who scrolls to the end of what is loaded has not asked for it. */
  #wantsEnd = false;
  #unmark: ReturnType<typeof setTimeout> | undefined;

  constructor(view: RoomView, elements: Elements) {
    this.#view = view;
    this.#elements = elements;
    const { scroller, sizer } = elements;
    this.#list = new VirtualList<Item>(scroller, sizer, {
      estimate,
      draw: (item, host) => render(<MessageRow item={item} view={view} />, host),
      erase: (host) => render(null, host),
      keep: () => (this.#walk?.at ? [this.#walk.at, ...this.#selected] : this.#selected),
      whole: () => view.client.prefs.stablePage.peek(),
      settled: () => this.#settled(),
    });
    this.#follow = new Follow(scroller, this.#list, () => this.#held());
    this.#walk = new Walk(this.#list);
    this.outlook = new Outlook(view, this.#list, elements.day);
    this.#reader = new Reader(view.store, () => this.outlook.rows());
    const resized = new ResizeObserver(() => this.#resized());
    resized.observe(scroller);
    const selects = (): void => this.#reselect();
    const scrolls = (): void => this.outlook.look(this.#follow.pinned.peek());
    document.addEventListener("selectionchange", selects);
    addEventListener("pagehide", this.#keepLeft);
    scroller.addEventListener("scroll", scrolls, { passive: true });
    const before = view.store.caughtUp.peek();
    this.#stops = [
      effect(() => this.#show(view.store.rows.value, view.store.newLine.value, view.store.generation.value)),
      effect(() => {
        if (view.store.caughtUp.value !== before) untracked(() => this.#returned());
      }),
      effect(() => {
        view.client.prefs.stablePage.value;
        untracked(() => this.#list.refresh());
      }),
      () => resized.disconnect(),
      () => document.removeEventListener("selectionchange", selects),
      () => removeEventListener("pagehide", this.#keepLeft),
      () => scroller.removeEventListener("scroll", scrolls),
    ];
    view.timeline = this;
  }

  get list(): VirtualList<Item> {
    return this.#list;
  }

  close(): void {
    this.#keepLeft();
    this.#view.store.clearNewLine();
    if (this.#view.timeline === this) this.#view.timeline = null;
    clearTimeout(this.#unmark);
    for (const stop of this.#stops) stop();
    this.#reader.close();
    this.#follow.close();
    this.#list.close();
  }

  async show(seq: number, from?: number): Promise<void> {
    this.#follow.unpin();
    this.#wantsEnd = false;
    this.#goal = { seq };
    const row = await this.#view.store.loadAround(seq);
    this.#goal = null;
    if (!row) return notify(t("load_failed"), "bad");
    this.#placeRow(row, this.#list.viewport * LINK_AT);
    if (from !== undefined) this.#view.trail.value = [...this.#view.trail.peek(), from];
    this.#view.marked.value = row.key;
    this.focus(row.key);
    clearTimeout(this.#unmark);
    this.#unmark = setTimeout(() => {
      this.#view.marked.value = null;
    }, MARKED_MS);
  }

  toEnd(): void {
    this.#view.trail.value = [];
    this.#follow.pin();
    this.#wantsEnd = true;
    void this.#toLatest();
  }

  /** Without a connection the end of what is loaded is shown, with what I wrote behind it; then it is tried once more. */
  async #toLatest(): Promise<void> {
    try {
      await this.#view.store.jumpToLatest();
      this.#wantsEnd = false;
      this.#follow.pin();
    } catch {
      void this.#view.store.loadNewer(); // it says that they did not load, or loads them after all
    }
  }

  #returned(): void {
    if (this.#wantsEnd && this.#follow.pinned.peek() && !this.#view.store.atEnd.peek()) void this.#toLatest();
  }

  /** Leaves the place where a reply is answered, back to the reply. */
  back(): void {
    const seq = this.#view.trail.peek().at(-1);
    this.#view.trail.value = this.#view.trail.peek().slice(0, -1);
    if (seq !== undefined) void this.show(seq);
  }

  toLine(): void {
    const line = this.#view.store.newLine.peek();
    if (line !== null) void this.show(line + 1);
  }

  focus(key: string | null): void {
    this.#walk.focus(key);
  }

  /** The focus has come to a row by a click or by Tab. */
  focused(key: string | null): void {
    this.#walk.at = key;
  }

  /** A key was pressed on a row. True: it did something. */
  key(event: KeyboardEvent): boolean {
    const key = keyOf(event.target as Node);
    const item = key === null ? undefined : this.#list.items[this.#list.indexOf(key)];
    if (!item || !(event.target as Element).matches(".msg")) return false;
    const step = stepOf(event);
    if (step) {
      this.#step(item.key, step);
      return true;
    }
    return actOnKey(event, this.#view, item.row);
  }

  #step(key: string, step: Step): void {
    const next = this.#walk.from(key, step);
    if (!next) return;
    if (step === "last") this.toEnd();
    else this.#follow.unpin();
    this.focus(next.key);
  }

  #placeRow(row: Row, below: number): void {
    // While it loaded, other rows than before stood here, and where they ended up may have counted as the end.
    this.#follow.unpin();
    const item = this.#list.items.find((candidate) => candidate.row === row || candidate.folded.includes(row));
    if (item) this.#list.place(item.key, below);
  }

  /** Rows came, went or moved. */
  #show(all: readonly Row[], line: number | null, generation: number): void {
    untracked(() => {
      const rows = this.#view.client.prefs.stablePage.peek() ? all.slice(-STABLE_ROWS) : all;
      const olderExist = this.#view.store.older.peek() !== "end";
      const items = this.#maker.items(rows, lineAmong(rows, line, olderExist));
      // Before the room has loaded there may be what I wrote without a connection.
      const anew = generation > 0 && generation !== this.#generation && items.length > 0;
      this.#list.set(items);
      if (!anew) return;
      this.#generation = generation;
      if (this.#goal === null) this.#open();
    });
  }

  /** The first sight of a room: where it was left, at the New line, or at the end. */
  #open(): void {
    const { left, store } = this.#view;
    this.#view.left = null;
    if (left) {
      this.#follow.unpin();
      if (!this.#list.place(left.key, left.below)) void this.#return(left);
      return;
    }
    const line = this.#list.items.find((item) => item.line);
    if (line && store.unread.peek() < OPEN_AT_LINE) {
      this.#follow.unpin();
      this.#list.place(line.key, LINE_BELOW_PX);
      if (this.#list.fromEnd <= 1) this.#follow.pin();
      return;
    }
    this.#follow.pin();
  }

  /** To a place that is not loaded any more. */
  async #return(left: Left): Promise<void> {
    this.#goal = left;
    const row = await this.#view.store.loadAround(left.seq);
    this.#goal = null;
    if (row) this.#placeRow(row, left.below);
    else this.#follow.pin();
  }

  readonly #keepLeft = (): void => {
    this.#view.left = this.#leftAt();
  };

  #leftAt(): Left | null {
    const mark = this.#follow.pinned.peek() ? null : this.#list.mark();
    const item = mark && this.#list.items[this.#list.indexOf(mark.key)];
    const seq = item?.row.message.peek().seq;
    // What waits to be sent has no place yet: its end is the room's.
    return mark && seq ? { ...mark, seq } : null;
  }

  /** An answer to me that grows near the end. */
  #held(): Held | null {
    const me = this.#view.me?.id;
    const answer = this.#list.items.slice(-NEAR_END).findLast(({ row }) => {
      const message = row.message.peek();
      return message.run?.asker.id === me && grows(message);
    });
    const article = answer && this.#list.hostOf(answer.key)?.querySelector<HTMLElement>(".msg");
    return article ? { key: answer.key, below: article.offsetTop } : null;
  }

  #settled(): void {
    // The list draws for the first time in its own constructor.
    if (!this.#follow) return;
    this.#follow.settled();
    this.outlook.look(this.#follow.pinned.peek());
  }

  #reselect(): void {
    const keys = selectedKeys(this.#elements.sizer, this.#list);
    if (keys.length === 0 && this.#selected.length === 0) return;
    this.#selected = keys;
  }

  #resized(): void {
    const width = this.#elements.scroller.clientWidth;
    const changed = this.#width !== 0 && width !== this.#width;
    this.#width = width;
    if (changed) this.#list.remeasure();
    else if (this.#follow.pinned.peek()) this.#list.toEnd();
  }
}
