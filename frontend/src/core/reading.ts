/** My read cursor in one room: what is unread behind it, where the "New" line stands, and when the server is told. */
import { signal } from "@preact/signals-core";
import type { Message, ReadReply } from "./protocol";
import type { Timeline } from "./timeline";

/** Counts end here: it means "more than 99". */
const CAP = 100;
const TELL_INTERVAL_MS = 1_000;

export class Reading {
  readonly seq = signal(0);
  readonly unread = signal(0);
  readonly mentions = signal(0);
  /** The line stands above the first row behind this place. */
  readonly newLine = signal<number | null>(null);
  readonly #me: string;
  readonly #timeline: Timeline;
  readonly #tell: (seq: number) => Promise<ReadReply>;
  #focused = true;
  #told = 0;
  #toldAt = -TELL_INTERVAL_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(me: string, timeline: Timeline, tell: (seq: number) => Promise<ReadReply>) {
    this.#me = me;
    this.#timeline = timeline;
    this.#tell = tell;
  }

  /** The server's view, from a join. A cursor that moved here while there was no connection is told now. */
  reset(seq: number, unread: number, mentions: number): void {
    this.#told = seq;
    if (this.seq.peek() > seq) {
      this.#count(unread, mentions);
      return this.#schedule();
    }
    this.seq.value = seq;
    this.unread.value = unread;
    this.mentions.value = mentions;
  }

  /** On arrival in the room: what came since I last read stands below the line. */
  drawLine(): void {
    if (this.unread.peek() > 0) this.newLine.value = this.seq.peek();
  }

  setFocused(on: boolean): void {
    this.#focused = on;
  }

  clearLine(): void {
    this.newLine.value = null;
  }

  /** A new message came. */
  arrived(message: Message): void {
    if (message.seq <= this.seq.peek() || !this.#counts(message)) return;
    this.unread.value = Math.min(CAP, this.unread.peek() + 1);
    if (this.#mentionsMe(message)) this.mentions.value = Math.min(CAP, this.mentions.peek() + 1);
    this.lineAbove(message);
  }

  /** A new message came while nobody looked: the line stands above the first such. */
  lineAbove(message: Message): void {
    if (!this.#focused && this.#counts(message)) this.newLine.value ??= message.seq - 1;
  }

  /** A message was deleted that was not before; it no longer counts. */
  withdrawn(message: Message): void {
    if (message.seq <= this.seq.peek() || message.sender.id === this.#me || this.unread.peek() === CAP) return;
    this.unread.value = Math.max(0, this.unread.peek() - 1);
    if (this.#mentionsMe(message)) this.mentions.value = Math.max(0, this.mentions.peek() - 1);
  }

  /** A row was seen. The cursor stays when a message between is not loaded: nobody saw that one. */
  seen(seq: number): void {
    if (seq <= this.seq.peek() || !this.#reaches()) return;
    this.#move(seq);
    this.#schedule();
  }

  /** Everything up to here counts as read, loaded or not. */
  skipTo(seq: number): void {
    if (seq <= this.seq.peek()) return;
    this.#move(seq);
    this.#schedule();
  }

  /** I read on, on another device. */
  elsewhere(seq: number): void {
    this.#told = Math.max(this.#told, seq);
    if (seq <= this.seq.peek()) return;
    this.#move(seq);
    if (!this.#whole()) this.#schedule(true);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #move(seq: number): void {
    const unread = this.unread.peek();
    const mentions = this.mentions.peek();
    this.seq.value = seq;
    this.#count(unread, mentions);
  }

  /** Counts the loaded rows behind the cursor; if they are not all loaded, only bounds what was known. */
  #count(unread: number, mentions: number): void {
    const loaded = this.#loadedUnread();
    const named = this.#timeline.countAfter(this.seq.peek(), (message) => this.#counts(message) && this.#mentionsMe(message));
    const whole = this.#whole();
    this.unread.value = whole ? Math.min(CAP, loaded) : Math.min(CAP, Math.max(loaded, unread));
    this.mentions.value = whole ? Math.min(CAP, named) : Math.min(mentions, this.unread.peek());
  }

  /** All messages behind the cursor are loaded. */
  #whole(): boolean {
    return this.#timeline.atEnd && this.#reaches();
  }

  /** No unloaded message lies between the cursor and the loaded rows. */
  #reaches(): boolean {
    const first = this.#timeline.confirmed[0];
    if (this.#timeline.older.peek() === "end") return true;
    if (first !== undefined && first.seq <= this.seq.peek() + 1) return true;
    const unread = this.unread.peek();
    return this.#timeline.atEnd && unread < CAP && this.#loadedUnread() >= unread;
  }

  #loadedUnread(): number {
    return this.#timeline.countAfter(this.seq.peek(), (message) => this.#counts(message));
  }

  #schedule(recount = false): void {
    clearTimeout(this.#timer);
    const wait = Math.max(0, this.#toldAt + TELL_INTERVAL_MS - Date.now());
    this.#timer = setTimeout(() => void this.#send(recount), wait);
  }

  async #send(recount: boolean): Promise<void> {
    const seq = this.seq.peek();
    if (seq <= this.#told && !recount) return;
    this.#toldAt = Date.now();
    try {
      const reply = await this.#tell(seq);
      this.#told = Math.max(this.#told, reply.seq);
      // Where all is loaded the count here is the newer one.
      if (!this.#whole() && this.seq.peek() === seq) this.unread.value = reply.unread;
    } catch {
      // The next join brings the cursors together.
    }
  }

  #counts(message: Message): boolean {
    return message.sender.id !== this.#me && message.type === "text" && message.deleted_at === null;
  }

  #mentionsMe(message: Message): boolean {
    return message.mentions.some(({ user_id }) => user_id === this.#me);
  }
}
