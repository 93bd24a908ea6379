/**
 * The loaded part of a room: confirmed messages without a hole, in order, and behind them those that wait to be sent,
 * also where there are newer ones between: who has written something sees it, wherever they are and whatever does not load.
 */
import { batch, signal } from "@preact/signals-core";
import type { Edge } from "./api";
import type { DeltaEvent, HistoryReply, LiveRun, Message, ReplyTo, ToolUseEvent } from "./protocol";
import { RowModel } from "./row";

/** A part of the room, and whether there is more on either side. */
export interface Part {
  readonly messages: readonly Message[];
  readonly older: Edge;
  readonly newer: Edge;
}

/** What became of a message that was folded in. */
export type Folded = "new" | "changed" | "nothing";

export class Timeline {
  readonly rows = signal<readonly RowModel[]>([]);
  readonly older = signal<Edge>("more");
  readonly newer = signal<Edge>("more");
  readonly generation = signal(0);
  readonly #me: string;
  #confirmed: RowModel[] = [];
  #pending: RowModel[] = [];
  readonly #byId = new Map<string, RowModel>();
  readonly #byKey = new Map<string, RowModel>();
  /** While a page is on its way: what changed meanwhile, since the page may have been read before. */
  #meanwhile: Map<string, Message> | null = null;
  #loads = 0;

  constructor(me: string) {
    this.#me = me;
  }

  get atEnd(): boolean {
    return this.newer.value === "end";
  }

  /** The confirmed rows, in order; not to be changed. */
  get confirmed(): readonly RowModel[] {
    return this.#confirmed;
  }

  byId(messageId: string): RowModel | null {
    return this.#byId.get(messageId) ?? null;
  }

  /** The row at a place, or the nearest one after it, or else the last. */
  near(seq: number): RowModel | null {
    return this.#confirmed[this.#indexAfter(seq - 1)] ?? this.#confirmed.at(-1) ?? null;
  }

  at(seq: number): RowModel | null {
    const row = this.#confirmed[this.#indexAfter(seq - 1)];
    return row?.seq === seq ? row : null;
  }

  /** Replaces the loaded part. Rows of messages that stay are the same objects. */
  replace(messages: readonly Message[], older: Edge, newer: Edge): void {
    const kept = new Map(this.#byId);
    this.clear();
    for (const message of messages) {
      const row = kept.get(message.id) ?? this.#claim(message);
      this.#confirmed.push(row);
      this.#byId.set(message.id, row);
      this.#byKey.set(row.key, row);
      row.apply(this.#meanwhile?.get(message.id) ?? message);
    }
    batch(() => {
      this.older.value = older;
      this.newer.value = newer;
      this.#catchUp();
      this.generation.value++;
      this.#publish();
    });
  }

  /** Forgets all confirmed rows: the room is another one than it was (a new epoch), equal ids mean nothing. */
  clear(): void {
    for (const row of this.#confirmed) this.#byKey.delete(row.key);
    this.#confirmed = [];
    this.#byId.clear();
  }

  /** Loads a page and puts it at its end of the loaded part. False: that was replaced meanwhile, the page is dropped. */
  extend(where: "before" | "after", load: () => Promise<HistoryReply>): Promise<boolean> {
    return this.#load(load, ({ messages, more }) => this.#extend(where, messages, more ? "more" : "end"));
  }

  /** Loads another part of the room and shows that instead. False: something else was shown meanwhile. */
  move(load: () => Promise<Part>): Promise<boolean> {
    return this.#load(load, ({ messages, older, newer }) => this.replace(messages, older, newer));
  }

  /** Folds messages in, whether they are new or changed, in any order, as often as one likes. */
  fold(messages: readonly Message[]): Folded[] {
    let placed = false;
    const folded = messages.map((message) => {
      this.#meanwhile?.set(message.id, message);
      const known = this.#byId.get(message.id);
      if (known !== undefined) {
        const was = known.now;
        if (!known.apply(message)) return "nothing";
        if (was.body !== message.body || was.deleted_at !== message.deleted_at) this.#requote(message);
        return "changed";
      }
      if (!this.#covers(message.seq)) {
        placed = this.#drop(this.#pendingOf(message)) || placed;
        return "nothing";
      }
      this.#insert(this.#claim(message));
      placed = true;
      return "new";
    });
    if (placed) this.#publish();
    return folded;
  }

  /** Adds to an answer that is being written. False: there is a hole. */
  extendAnswer(delta: DeltaEvent): boolean {
    return this.#byId.get(delta.message_id)?.extend(delta) ?? true;
  }

  /** An answer uses a tool. */
  useTool(use: ToolUseEvent): void {
    this.#byId.get(use.message_id)?.use(use);
  }

  /** Takes the texts of the answers that are being written, as of a snapshot. */
  restartAnswers(runs: readonly LiveRun[]): void {
    for (const run of runs) this.#byId.get(run.message_id)?.restart(run);
  }

  /** A connection is there: what did not load may be asked for again. */
  retryEdges(): void {
    for (const edge of [this.older, this.newer]) if (edge.peek() === "failed") edge.value = "more";
  }

  /** Puts a row of mine behind the others, unless its message is here already: that is returned. */
  pend(row: RowModel): Message | null {
    const known = this.#byKey.get(row.key);
    if (known !== undefined) return known.now;
    this.#byKey.set(row.key, row);
    const index = this.#pending.findIndex((other) => other.now.created_at > row.now.created_at);
    this.#pending.splice(index === -1 ? this.#pending.length : index, 0, row);
    this.#publish();
    return null;
  }

  unpend(key: string): void {
    if (this.#drop(this.#pending.find((row) => row.key === key))) this.#publish();
  }

  /** How many rows after a place satisfy `test`. */
  countAfter(seq: number, test: (message: Message) => boolean): number {
    let count = 0;
    for (let index = this.#confirmed.length - 1; index >= 0; index--) {
      const message = this.#confirmed[index]!.now;
      if (message.seq <= seq) break;
      if (test(message)) count++;
    }
    return count;
  }

  async #load<T>(load: () => Promise<T>, place: (loaded: T) => void): Promise<boolean> {
    const generation = this.generation.peek();
    this.#meanwhile ??= new Map();
    this.#loads++;
    try {
      const loaded = await load();
      if (generation !== this.generation.peek()) return false;
      place(loaded);
      return true;
    } finally {
      if (--this.#loads === 0) this.#meanwhile = null;
    }
  }

  #extend(where: "before" | "after", messages: readonly Message[], edge: Edge): void {
    batch(() => {
      (where === "before" ? this.older : this.newer).value = edge;
      const rows = messages
        .filter((message) => !this.#byId.has(message.id))
        .map((message) => this.#register(this.#claim(this.#meanwhile?.get(message.id) ?? message)));
      this.#confirmed = where === "before" ? [...rows, ...this.#confirmed] : [...this.#confirmed, ...rows];
      this.#catchUp();
      this.#publish();
    });
  }

  /** The head was reached by a page: what was relayed while it was on its way belongs behind it. */
  #catchUp(): void {
    if (!this.atEnd || this.#meanwhile === null) return;
    for (const message of this.#meanwhile.values()) {
      if (!this.#byId.has(message.id) && this.#covers(message.seq)) this.#insert(this.#claim(message));
    }
  }

  #covers(seq: number): boolean {
    const first = this.#confirmed[0];
    const last = this.#confirmed.at(-1);
    const notBefore = this.older.peek() === "end" || (first === undefined ? this.atEnd : seq > first.seq);
    const notAfter = this.newer.peek() === "end" || (last !== undefined && seq < last.seq);
    return notBefore && notAfter;
  }

  /** The row for a message that is not loaded: the one of mine that waited for it, or a new one. */
  #claim(message: Message): RowModel {
    const pending = this.#pendingOf(message);
    if (pending !== undefined) {
      this.#drop(pending);
      pending.apply(message);
      return pending;
    }
    // Only my own client_ids are known to be unlike: another's could copy one.
    const key = message.sender.id === this.#me && message.client_id !== null ? message.client_id : message.id;
    return new RowModel(key, message);
  }

  #pendingOf(message: Message): RowModel | undefined {
    if (message.sender.id !== this.#me || message.client_id === null) return undefined;
    return this.#pending.find((row) => row.key === message.client_id);
  }

  #drop(pending: RowModel | undefined): boolean {
    if (pending === undefined) return false;
    this.#pending = this.#pending.filter((row) => row !== pending);
    this.#byKey.delete(pending.key);
    return true;
  }

  #register(row: RowModel): RowModel {
    this.#byId.set(row.now.id, row);
    this.#byKey.set(row.key, row);
    return row;
  }

  #insert(row: RowModel): void {
    this.#register(row);
    this.#confirmed.splice(this.#indexAfter(row.seq), 0, row);
  }

  /** Where a row of that place stands or would stand behind its equals. */
  #indexAfter(seq: number): number {
    let low = 0;
    let high = this.#confirmed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#confirmed[middle]!.seq <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Quotes of a changed message follow it, as they would in a fresh page. */
  #requote(message: Message): void {
    for (const row of this.#confirmed) {
      if (row.now.reply_to?.id === message.id) row.patch({ reply_to: quote(message) });
    }
  }

  #publish(): void {
    this.rows.value = [...this.#confirmed, ...this.#pending];
  }
}

/** Code points of a message that a quote shows, as the server cuts it. */
const EXCERPT_LENGTH = 140;

/** A message as a reply to it shows it. */
export function quote({ id, seq, sender, body, deleted_at }: Message): ReplyTo {
  return { id, seq, sender, excerpt: deleted_at === null ? excerpt(body) : "", deleted: deleted_at !== null };
}

function excerpt(body: string): string {
  return body.length <= EXCERPT_LENGTH ? body : [...body].slice(0, EXCERPT_LENGTH).join("");
}
