/**
 * Pinned: the view goes along with what comes at the end. It is a state, set by scrolling: any scroll up ends it, the
 * last pixel or a message of one's own begins it. Who reads further up is never moved.
 */
import { signal } from "@preact/signals";
import type { Keyed, VirtualList } from "./list";

/** An answer that I asked for: following holds when its name reaches the top, so that it can be read from its start. */
export interface Held {
  readonly key: string;
  /** How far below its upper edge the name stands. */
  readonly below: number;
}

const LISTENING = { capture: true, passive: true };

export class Follow<T extends Keyed> {
  readonly pinned = signal(true);
  readonly #scroller: HTMLElement;
  readonly #list: VirtualList<T>;
  readonly #held: () => Held | null;
  #top = 0;
  /** The answer that was held last: who goes on to follow it after that is not held again. */
  #heldKey: string | null = null;

  constructor(scroller: HTMLElement, list: VirtualList<T>, held: () => Held | null) {
    this.#scroller = scroller;
    this.#list = list;
    this.#held = held;
    // Before the list's own listener, which draws: what it draws depends on this.
    scroller.addEventListener("scroll", this.#onScroll, LISTENING);
    scroller.addEventListener("wheel", this.#onWheel, LISTENING);
  }

  pin(): void {
    this.#set(true);
    this.#list.toEnd();
  }

  unpin(): void {
    this.#set(false);
  }

  /** After each drawing: keeps the end, or the name of the answer, in view. */
  settled(): void {
    if (!this.pinned.peek()) return;
    const held = this.#held();
    const start = held && held.key !== this.#heldKey ? this.#list.startOf(held.key) : null;
    if (held && start !== null && start + held.below < this.#list.offset + this.#list.fromEnd) {
      const top = start + held.below;
      this.#heldKey = held.key;
      this.#set(false);
      this.#list.moveTo(top);
      return;
    }
    if (this.#list.fromEnd > 1) this.#list.toEnd();
  }

  close(): void {
    this.#scroller.removeEventListener("scroll", this.#onScroll, LISTENING);
    this.#scroller.removeEventListener("wheel", this.#onWheel, LISTENING);
  }

  #set(on: boolean): void {
    this.pinned.value = on;
    this.#list.follow(on);
  }

  readonly #onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const up = scrollTop < this.#top - 0.5;
    this.#top = scrollTop;
    if (scrollHeight - clientHeight - scrollTop <= 1) {
      // The end may also have come to us, when something above it shrank; that changes nothing.
      if (!up) this.#set(true);
    } else if (up) {
      this.#set(false);
    }
  };

  // A wheel is known a frame before its scroll: an answer that grows in between must not win.
  readonly #onWheel = (event: WheelEvent): void => {
    if (event.deltaY < 0 && this.#scroller.scrollTop > 0) this.#set(false);
  };
}
