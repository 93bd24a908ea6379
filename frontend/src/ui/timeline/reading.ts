/** What was read: a row counts when it was in view for half a second of a focused window. */
import type { RoomStore, Row } from "../../core/api";

const SEEN_MS = 500;
const LOOK_EVERY_MS = 250;

export class Reader {
  readonly #store: RoomStore;
  readonly #inView: () => readonly Row[];
  readonly #since = new Map<number, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(store: RoomStore, inView: () => readonly Row[]) {
    this.#store = store;
    this.#inView = inView;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    addEventListener("focus", this.#attend);
    addEventListener("blur", this.#attend);
    document.addEventListener("visibilitychange", this.#attend);
    this.#attend();
  }

  close(): void {
    clearInterval(this.#timer);
    removeEventListener("focus", this.#attend);
    removeEventListener("blur", this.#attend);
    document.removeEventListener("visibilitychange", this.#attend);
    this.#store.setFocused(false);
  }

  readonly #attend = (): void => {
    this.#since.clear();
    this.#store.setFocused(attentive());
  };

  #look(): void {
    if (!attentive() || this.#store.unread.peek() === 0) return;
    const now = performance.now();
    const seqs = this.#inView().map((row) => row.message.peek().seq);
    for (const seq of this.#since.keys()) if (!seqs.includes(seq)) this.#since.delete(seq);
    let seen = 0;
    for (const seq of seqs) {
      const since = this.#since.get(seq);
      if (since === undefined) this.#since.set(seq, now);
      else if (now - since >= SEEN_MS) seen = Math.max(seen, seq);
    }
    if (seen > this.#store.readSeq.peek()) this.#store.markRead(seen);
  }
}

function attentive(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}
