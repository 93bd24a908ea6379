/**
 * The virtual list: @tanstack/virtual-core decides which items are in the page and where, this class puts them there.
 *
 * It draws, measures and places in one task, without a component in between: whoever reads at some line must not see
 * it jump for a frame while a renderer has yet to run. Items are drawn into hosts of their own, so a message that
 * changes renders itself and nothing else.
 */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { Range, VirtualItem, VirtualizerOptions } from "@tanstack/virtual-core";

export interface Keyed {
  readonly key: string;
}

export interface Drawing<T extends Keyed> {
  estimate(item: T): number;
  draw(item: T, host: HTMLElement): void;
  erase(host: HTMLElement): void;
  /** Items that stay in the page wherever the view is: focused, selected. */
  keep(): Iterable<string>;
  /** Draw everything (the stable page). */
  whole(): boolean;
  /** Something was drawn or moved: follow, look again at what is seen. */
  settled(): void;
}

interface Host<T> {
  readonly element: HTMLElement;
  item: T;
  index: number;
  start: number;
}

/** Rows drawn above and below the view, so that Ctrl+F and a fast wheel find them there. */
const OVERSCAN = 60;
/** Room above the first item and below the last. */
const HEAD_PX = 16;
const FOOT_PX = 12;
/** Drawing measures, measuring moves, moving draws: it settles in two or three rounds. */
const ROUNDS = 8;

type Options = VirtualizerOptions<HTMLElement, HTMLElement>;

export class VirtualList<T extends Keyed> {
  readonly #scroller: HTMLElement;
  readonly #sizer: HTMLElement;
  readonly #drawing: Drawing<T>;
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  readonly #hosts = new Map<string, Host<T>>();
  readonly #unmount: () => void;
  #items: readonly T[] = [];
  #indexes: Map<string, number> | null = null;
  #following = true;
  #drawingNow = false;
  #dirty = false;

  constructor(scroller: HTMLElement, sizer: HTMLElement, drawing: Drawing<T>) {
    this.#scroller = scroller;
    this.#sizer = sizer;
    this.#drawing = drawing;
    this.#virtualizer = new Virtualizer(this.#options());
    this.#unmount = this.#virtualizer._didMount();
    this.#virtualizer._willUpdate();
  }

  #options(): Options {
    return {
      count: this.#items.length,
      getScrollElement: () => this.#scroller,
      estimateSize: (index) => this.#drawing.estimate(this.#items[index]!),
      getItemKey: (index) => this.#items[index]!.key,
      rangeExtractor: (range) => this.#range(range),
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => this.#commit(),
      overscan: OVERSCAN,
      paddingStart: HEAD_PX,
      paddingEnd: FOOT_PX,
      anchorTo: "end",
      // Whether growth at the end is followed is a state set by scrolling, not a distance: see Follow.
      scrollEndThreshold: this.#following ? 1 : -1,
    };
  }

  get items(): readonly T[] {
    return this.#items;
  }

  /** Position of the view's upper edge, and its height. */
  get offset(): number {
    return this.#virtualizer.scrollOffset ?? 0;
  }

  /** Height of all items. */
  get total(): number {
    return this.#virtualizer.getTotalSize();
  }

  get viewport(): number {
    // The height that was told last: asking the element would lay the page out anew at each step of a scroll.
    return this.#virtualizer.scrollRect?.height ?? this.#scroller.clientHeight;
  }

  get fromEnd(): number {
    return this.#virtualizer.getDistanceFromEnd();
  }

  /** Whether what grows at the end takes the view with it. */
  follow(on: boolean): void {
    if (this.#following === on) return;
    this.#following = on;
    this.#virtualizer.setOptions(this.#options());
  }

  /** Other items. Without following, what stands at the eye's line stays there. */
  set(items: readonly T[]): void {
    const eye = this.#following ? null : this.#eye();
    this.#items = items;
    this.#indexes = null;
    this.#virtualizer.setOptions(this.#options());
    this.#commit();
    this.#virtualizer._willUpdate();
    if (eye) this.#bringBack(eye);
  }

  /** All items at new sizes: the width or the type has changed. */
  remeasure(): void {
    const eye = this.#eye();
    this.#virtualizer.measure();
    for (const host of this.#hosts.values()) this.#measure(host);
    this.#commit();
    if (this.#following) this.toEnd();
    else if (eye) this.#bringBack(eye);
  }

  indexOf(key: string): number {
    if (!this.#indexes) this.#indexes = new Map(this.#items.map((item, index) => [item.key, index]));
    return this.#indexes.get(key) ?? -1;
  }

  /** Where an item begins, from the top of the list; null for one that is not in it. */
  startOf(key: string): number | null {
    const index = this.indexOf(key);
    return index < 0 ? null : this.startAt(index);
  }

  startAt(index: number): number {
    // Makes the list of places anew if a size has changed since.
    this.#virtualizer.getTotalSize();
    return this.#virtualizer.measurementsCache[index]?.start ?? 0;
  }

  hostOf(key: string): HTMLElement | null {
    return this.#hosts.get(key)?.element ?? null;
  }

  /** Indexes of the items that reach into the view. */
  visible(): { first: number; last: number } | null {
    const range = this.#virtualizer.calculateRange();
    return range ? { first: range.startIndex, last: range.endIndex } : null;
  }

  toEnd(): void {
    this.#virtualizer.scrollToEnd();
  }

  /** Scrolls now, and draws what is there now. */
  moveTo(offset: number): void {
    this.#virtualizer.scrollToOffset(offset);
    // The browser tells of the scroll a frame later; the list must know it before it draws.
    this.#scroller.dispatchEvent(new Event("scroll"));
    this.#commit();
    this.#virtualizer.cancelScroll();
  }

  /** Puts an item's upper edge `below` px under the view's, as near as the ends of the list allow. False: not in the list. */
  place(key: string, below: number): boolean {
    for (let round = 0; round < ROUNDS; round++) {
      const start = this.startOf(key);
      if (start === null) return false;
      const wanted = Math.max(0, Math.min(start - below, this.#virtualizer.getTotalSize() - this.viewport));
      if (round > 0 && Math.abs(wanted - this.offset) < 0.5) break;
      this.moveTo(wanted);
    }
    return true;
  }

  /** The item that a place in the list is remembered by: the first that begins in the view, and how far below its edge. */
  mark(): { key: string; below: number } | null {
    return this.#eye();
  }

  /** Draws again: what is to be kept, or how much, has changed. */
  refresh(): void {
    this.#virtualizer.setOptions(this.#options());
    this.#commit();
  }

  close(): void {
    this.#unmount();
    for (const host of this.#hosts.values()) this.#drawing.erase(host.element);
    this.#hosts.clear();
    this.#sizer.replaceChildren();
  }

  #range(range: Range): number[] {
    const last = range.count - 1;
    const whole = this.#drawing.whole();
    const from = whole ? 0 : Math.max(0, range.startIndex - OVERSCAN);
    const to = whole ? last : Math.min(last, range.endIndex + OVERSCAN);
    const indexes: number[] = [];
    for (let index = from; index <= to; index++) indexes.push(index);
    if (whole) return indexes;
    const kept = [...this.#drawing.keep()].map((key) => this.indexOf(key)).filter((index) => index >= 0 && (index < from || index > to));
    return kept.length === 0 ? indexes : [...new Set([...kept, ...indexes])].sort((a, b) => a - b);
  }

  /** Draws and measures until nothing moves any more. */
  #commit(): void {
    this.#dirty = true;
    if (this.#drawingNow) return;
    this.#drawingNow = true;
    try {
      for (let round = 0; this.#dirty && round < ROUNDS; round++) {
        this.#dirty = false;
        this.#draw(this.#virtualizer.getVirtualItems());
      }
    } finally {
      this.#drawingNow = false;
    }
    this.#drawing.settled();
  }

  #draw(placed: readonly VirtualItem[]): void {
    this.#sizer.style.height = `${this.#virtualizer.getTotalSize()}px`;
    const wanted = new Set(placed.map((place) => place.key as string));
    for (const [key, host] of this.#hosts) {
      if (!wanted.has(key)) this.#remove(key, host);
    }
    const drawn: Host<T>[] = [];
    let next = this.#sizer.firstElementChild;
    for (const place of placed) {
      const item = this.#items[place.index]!;
      let host = this.#hosts.get(item.key);
      if (!host) {
        host = { element: document.createElement("div"), item, index: -1, start: NaN };
        host.element.className = "item";
        host.element.dataset["key"] = item.key;
        this.#hosts.set(item.key, host);
        drawn.push(host);
      } else if (host.item !== item) {
        host.item = item;
        drawn.push(host);
      }
      if (host.index !== place.index) {
        host.index = place.index;
        host.element.dataset["index"] = String(place.index);
      }
      if (host.start !== place.start) {
        host.start = place.start;
        host.element.style.transform = `translateY(${place.start}px)`;
      }
      // Nodes that are in the page are never moved there: they would lose focus and selection.
      if (host.element === next) next = next.nextElementSibling;
      else this.#sizer.insertBefore(host.element, next);
    }
    // In the page already: what is drawn may look at its own height.
    for (const host of drawn) this.#drawing.draw(host.item, host.element);
    for (const host of drawn) this.#virtualizer.measureElement(host.element);
    for (const host of drawn) this.#measure(host);
  }

  /** Takes the height of now. virtual-core would wait for the observer, one frame late. */
  #measure(host: Host<T>): void {
    this.#virtualizer.resizeItem(host.index, host.element.offsetHeight);
  }

  #remove(key: string, host: Host<T>): void {
    this.#hosts.delete(key);
    host.element.remove();
    this.#drawing.erase(host.element);
    this.#virtualizer.measureElement(null);
  }

  /**
   * Where the reader looks: the first item that begins in the view. Not the very first of the list, which loses its
   * day and its head when older ones come before it.
   */
  #eye(): { key: string; below: number } | null {
    const range = this.visible();
    if (!range) return null;
    const offset = this.offset;
    const places = this.#virtualizer.measurementsCache;
    let index = Math.max(range.first, Math.min(1, this.#items.length - 1));
    while (index < range.last && places[index]!.start < offset) index += 1;
    const place = places[index]!.start < offset ? places[range.first] : places[index];
    return place ? { key: place.key as string, below: place.start - offset } : null;
  }

  #bringBack(eye: { key: string; below: number }): void {
    const start = this.startOf(eye.key);
    if (start === null) return;
    const off = start - eye.below - this.offset;
    if (Math.abs(off) >= 0.5) this.moveTo(this.offset + off);
  }
}
