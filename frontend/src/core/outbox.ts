/**
 * Messages of mine on their way: kept before they are sent, sent in order within a room, repeated with the same client_id
 * until the server answers, and never said to be sent before it has.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Delivery } from "./api";
import { retryDelay } from "./backoff";
import type { Wire } from "./connection";
import type { Entry, EntryStore } from "./entries";
import { asChatError, type ChatError } from "./errors";
import { newClientId } from "./ids";
import type { Message, ReplyTo } from "./protocol";
import { SENT } from "./row";
import type { Tabs } from "./tabs";

export interface Unsent {
  readonly entry: Entry;
  readonly delivery: ReadonlySignal<Delivery>;
}

/** Who shows a room's unsent messages. */
export interface Shown {
  added(unsent: Unsent): void;
  /** It is stored, as this message. */
  sent(message: Message): void;
  dropped(clientId: string): void;
}

interface Held {
  entry: Entry;
  readonly delivery: Signal<Delivery>;
}

/** What tabs tell each other. */
type News =
  | { readonly kind: "put"; readonly entry: Entry }
  | { readonly kind: "sent"; readonly clientId: string; readonly message: Message }
  | { readonly kind: "dropped"; readonly clientId: string };

export class Outbox {
  /** How many messages are neither stored nor given up. */
  readonly unsent: ReadonlySignal<number>;
  readonly #held = signal<ReadonlyMap<string, Held>>(new Map());
  readonly #me: string;
  readonly #wire: Wire;
  readonly #store: EntryStore;
  readonly #tabs: Tabs;
  readonly #shown = new Map<string, Shown>();
  /** Rooms that are being sent to; true: look again when done. */
  readonly #sending = new Map<string, boolean>();
  /** Failures in a row, and the wait for the next attempt, by room. */
  readonly #failures = new Map<string, number>();
  readonly #waits = new Map<string, ReturnType<typeof setTimeout>>();
  #lastAt = 0;

  constructor(me: string, wire: Wire, store: EntryStore, tabs: Tabs) {
    this.#me = me;
    this.#wire = wire;
    this.#store = store;
    this.#tabs = tabs;
    this.unsent = computed(() => [...this.#held.value.values()].filter(({ delivery }) => delivery.value.state !== "failed").length);
    tabs.hear((news) => this.#heard(news as News));
    wire.watch({ came: () => this.#came(), went: () => this.#went() });
    void this.#load();
  }

  /** Shows a room's unsent messages from now on. */
  show(room: string, shown: Shown): () => void {
    this.#shown.set(room, shown);
    for (const held of this.#held.peek().values()) if (held.entry.room === room) shown.added(held);
    return () => this.#shown.delete(room);
  }

  /** Takes a message; returns its client_id. It is kept first, then sent. */
  post(room: string, body: string, replyTo: ReplyTo | null, notForAi = false): string {
    const entry: Entry = {
      client_id: newClientId(),
      user_id: this.#me,
      room,
      body,
      reply_to: replyTo,
      ...(notForAi ? { not_for_ai: true } : {}),
      at: this.#nextAt(),
      failed: null,
    };
    this.#hold(entry);
    void this.#keep(entry);
    return entry.client_id;
  }

  /** Sends a refused one again, behind those that wait. */
  retry(clientId: string): void {
    const held = this.#held.peek().get(clientId);
    if (held?.entry.failed == null) return;
    const entry: Entry = { ...held.entry, at: this.#nextAt(), failed: null };
    this.#hold(entry);
    void this.#keep(entry);
  }

  discard(clientId: string): void {
    const held = this.#held.peek().get(clientId);
    if (held?.entry.failed == null) return;
    this.#drop(clientId);
    this.#tabs.tell({ kind: "dropped", clientId } satisfies News);
    void this.#store.remove(clientId);
  }

  /** The server has it: an ack said so, or the room's stream did before the ack came. */
  stored(message: Message): void {
    const clientId = message.client_id;
    if (clientId === null || message.sender.id !== this.#me || !this.#held.peek().has(clientId)) return;
    this.#settle(clientId);
    this.#tabs.tell({ kind: "sent", clientId, message } satisfies News);
    void this.#store.remove(clientId);
  }

  /** Forgets everything: the person signs out. */
  async wipe(): Promise<void> {
    const ids = (await this.#store.all(this.#me)).map((entry) => entry.client_id);
    for (const clientId of ids) {
      this.#drop(clientId);
      await this.#store.remove(clientId);
    }
  }

  close(): void {
    this.#went();
    this.#tabs.close();
  }

  async #load(): Promise<void> {
    for (const entry of await this.#store.all(this.#me)) if (!this.#held.peek().has(entry.client_id)) this.#hold(entry);
    this.#sendAll();
  }

  async #keep(entry: Entry): Promise<void> {
    await this.#store.put(entry);
    this.#tabs.tell({ kind: "put", entry } satisfies News);
    this.#send(entry.room);
  }

  #came(): void {
    this.#restate();
    this.#sendAll();
  }

  #went(): void {
    for (const timer of this.#waits.values()) clearTimeout(timer);
    this.#waits.clear();
    this.#restate();
  }

  #sendAll(): void {
    for (const room of new Set([...this.#held.peek().values()].map(({ entry }) => entry.room))) this.#send(room);
  }

  #send(room: string): void {
    if (!this.#wire.up || this.#waits.has(room)) return;
    if (this.#sending.has(room)) return void this.#sending.set(room, true);
    this.#sending.set(room, false);
    void this.#tabs
      .alone(room, () => this.#empty(room))
      .finally(() => {
        const again = this.#sending.get(room);
        this.#sending.delete(room);
        if (again) this.#send(room);
      });
  }

  /** Sends a room's messages one after another until none is left, or one has to wait: those behind it wait too. */
  async #empty(room: string): Promise<void> {
    for (;;) {
      const entries = (await this.#store.all(this.#me)).filter((entry) => entry.room === room && entry.failed === null);
      if (entries.length === 0) return;
      for (const entry of entries) if (!this.#wire.up || !(await this.#post(entry))) return;
    }
  }

  /** True: the server has it, or has refused it. False: it has to wait. */
  async #post(entry: Entry): Promise<boolean> {
    const { room, client_id, body, reply_to, not_for_ai } = entry;
    const wasHeld = this.#held.peek().has(client_id);
    try {
      const reply = await this.#wire.emit("message", {
        room,
        client_id,
        body,
        ...(reply_to ? { reply_to: reply_to.id } : {}),
        ...(not_for_ai ? { not_for_ai } : {}),
      });
      this.#failures.delete(room);
      this.#shown.get(room)?.sent(reply.message);
      this.stored(reply.message);
      // Another tab may hold what was never held here.
      if (!wasHeld) this.#tabs.tell({ kind: "sent", clientId: client_id, message: reply.message } satisfies News);
      await this.#store.remove(client_id);
      return true;
    } catch (thrown) {
      const error = asChatError(thrown);
      if (error.retryable) this.#later(room, error);
      else await this.#refused(entry, error, wasHeld);
      return !error.retryable;
    }
  }

  #later(room: string, error: ChatError): void {
    // Without a connection the next one is what to wait for.
    if (!this.#wire.up) return;
    const failures = (this.#failures.get(room) ?? 0) + 1;
    this.#failures.set(room, failures);
    const wait = Math.max((error.retryAfter ?? 0) * 1000, retryDelay(failures));
    this.#waits.set(
      room,
      setTimeout(() => {
        this.#waits.delete(room);
        this.#send(room);
      }, wait),
    );
  }

  async #refused(entry: Entry, { code, retryAfter }: ChatError, wasHeld: boolean): Promise<void> {
    const failed: Entry = { ...entry, failed: { code, retryAfter } };
    await this.#store.put(failed);
    // The stream may have brought it meanwhile: an earlier attempt was stored, though its ack never came.
    if (wasHeld && !this.#held.peek().has(entry.client_id)) return this.#store.remove(entry.client_id);
    this.#tabs.tell({ kind: "put", entry: failed } satisfies News);
    this.#hold(failed);
  }

  #heard(news: News): void {
    if (news.kind === "dropped") return this.#drop(news.clientId);
    if (news.kind === "sent") {
      this.#shown.get(news.message.room)?.sent(news.message);
      return this.#settle(news.clientId);
    }
    this.#hold(news.entry);
    // The tab that has it may have no connection.
    if (news.entry.failed === null) this.#send(news.entry.room);
  }

  #hold(entry: Entry): void {
    const known = this.#held.peek().get(entry.client_id);
    if (known !== undefined) {
      known.entry = entry;
      known.delivery.value = this.#stateOf(entry);
      return;
    }
    const held: Held = { entry, delivery: signal(this.#stateOf(entry)) };
    this.#held.value = new Map(this.#held.peek()).set(entry.client_id, held);
    this.#shown.get(entry.room)?.added(held);
  }

  #settle(clientId: string): void {
    const held = this.#held.peek().get(clientId);
    if (held !== undefined) held.delivery.value = SENT;
    this.#release(clientId);
  }

  #drop(clientId: string): void {
    const room = this.#held.peek().get(clientId)?.entry.room;
    this.#release(clientId);
    if (room !== undefined) this.#shown.get(room)?.dropped(clientId);
  }

  #release(clientId: string): void {
    const held = new Map(this.#held.peek());
    if (held.delete(clientId)) this.#held.value = held;
  }

  #restate(): void {
    for (const held of this.#held.peek().values()) held.delivery.value = this.#stateOf(held.entry);
  }

  #stateOf({ at, failed }: Entry): Delivery {
    if (failed !== null) return { state: "failed", ...failed };
    return { state: this.#wire.up ? "sending" : "waiting", since: at };
  }

  #nextAt(): number {
    return (this.#lastAt = Math.max(this.#lastAt + 1, Date.now()));
  }
}
