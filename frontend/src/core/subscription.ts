/** One connection's subscription to a room: joins, resumes, mends holes, and hands on what is to be applied, in order. */
import { batch } from "@preact/signals-core";
import { retryDelay } from "./backoff";
import type { Wire } from "./connection";
import { asChatError, type ChatError } from "./errors";
import { type Call, ClientView } from "./numbers";
import type { JoinReply, MessageEvent, Numbered, RoomEvent, SyncReply } from "./protocol";

export type NumberedEvent =
  | { readonly name: "message" | "message_changed"; readonly payload: MessageEvent }
  | { readonly name: "room"; readonly payload: Numbered<RoomEvent> };

/** Who keeps the room's state. Everything arrives in the order in which it is to be applied. */
export interface Subscriber {
  /** The room afresh; `anew`: nothing known of it before means anything (another epoch). */
  snapshot(reply: JoinReply, anew: boolean): void;
  /** What changed after `since`, after an outage. */
  resumed(reply: JoinReply, since: number): void;
  /** What changed after `since`, when a hole was mended. */
  mended(reply: SyncReply, since: number): void;
  apply(event: NumberedEvent): void;
  /** The room does not open, or no longer; nothing is tried again by itself. */
  refused(error: ChatError): void;
}

/** A connection in doubt has this long to prove itself. */
const PROOF_MS = 4_000;
/** Answers' texts are asked for at most this often. */
const TEXT_INTERVAL_MS = 1_000;

/** The room stands before what is known of it: a part of that never happened, though the epoch is the same. */
function isBehind(seq: number, since: number | null): boolean {
  return since !== null && seq < since;
}

export class Subscription {
  readonly #wire: Wire;
  readonly #slug: string;
  readonly #state: Subscriber;
  readonly #view: ClientView<NumberedEvent>;
  /** Counts connections: an answer of an earlier one is void. */
  #connection = 0;
  #asking: Call | null = null;
  #epoch: string | null = null;
  /** The room does not open; coming back to it by itself could even make somebody a member again who was removed. */
  #ended = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #textAskedAt = 0;

  constructor(wire: Wire, slug: string, state: Subscriber, view = new ClientView<NumberedEvent>()) {
    this.#wire = wire;
    this.#slug = slug;
    this.#state = state;
    this.#view = view;
  }

  /** The room's state was handed over by other means, as of this number. */
  startAt(epoch: string, seq: number): void {
    this.#view.joined(epoch, seq);
    this.#epoch = epoch;
  }

  came(): void {
    if (this.#ended) return;
    this.went();
    this.#view.join();
    this.#ask();
  }

  went(): void {
    this.#connection++;
    this.#asking = null;
    clearTimeout(this.#timer);
    this.#view.lost();
  }

  /** Nothing more is heard of the room, nor asked for, until `open`. */
  end(): void {
    this.went();
    this.#ended = true;
  }

  /** The person asks for the room again. */
  open(): void {
    this.#ended = false;
    if (this.#wire.up) this.came();
  }

  /** The page was away: the answer to a sync proves the connection, its absence ends it. */
  doubted(): void {
    this.#view.needSync();
    this.#ask();
    const asked = this.#asking;
    if (asked === null) return;
    setTimeout(() => {
      if (this.#asking === asked) this.#wire.distrust();
    }, PROOF_MS);
  }

  received(event: NumberedEvent): void {
    const { payload } = event;
    const number = event.name === "room" ? payload.seq : event.payload.changed_seq;
    this.#apply(this.#view.received(number, payload.prev, event));
    this.#ask();
  }

  /** An answer's text has a hole. */
  textMissing(): void {
    if (Date.now() - this.#textAskedAt < TEXT_INTERVAL_MS) return;
    this.#textAskedAt = Date.now();
    this.#view.needSync();
    this.#ask();
  }

  #ask(): void {
    const call = this.#view.call;
    if (call === null || this.#asking !== null) return;
    this.#asking = call;
    void this.#answer(call, this.#connection);
  }

  async #answer(call: Call, connection: number): Promise<void> {
    try {
      const [event, reply] = await this.#send(call);
      if (connection !== this.#connection) return;
      this.#asking = null;
      this.#failures = 0;
      batch(() => (event === "join" ? this.#joined(reply, call) : this.#synced(reply, call.since!)));
    } catch (thrown) {
      if (connection !== this.#connection) return;
      this.#asking = null;
      return this.#failed(asChatError(thrown));
    }
    this.#ask();
  }

  async #send(call: Call): Promise<["join", JoinReply] | ["sync", SyncReply]> {
    const { since, epoch } = call;
    const room = this.#slug;
    if (call.name === "sync") return ["sync", await this.#wire.emit("sync", { room, since: since!, epoch: epoch! })];
    return ["join", await this.#wire.emit("join", since === null ? { room } : { room, since, epoch: epoch! })];
  }

  #joined(reply: JoinReply, call: Call): void {
    const held = this.#view.joined(reply.room.epoch, reply.room.seq);
    const anew = this.#epoch !== reply.room.epoch || isBehind(reply.room.seq, call.since);
    this.#epoch = reply.room.epoch;
    if (call.since === null || reply.refetch) this.#state.snapshot(reply, anew);
    else this.#state.resumed(reply, call.since);
    this.#apply(held);
  }

  #synced(reply: SyncReply, since: number): void {
    const held = this.#view.synced(reply.seq, reply.refetch);
    // The join that follows asks without a number.
    if (isBehind(reply.seq, since)) this.#epoch = null;
    if (!reply.refetch) this.#state.mended(reply, since);
    this.#apply(held);
  }

  #apply(events: NumberedEvent[]): void {
    if (events.length > 0) batch(() => events.forEach((event) => this.#state.apply(event)));
  }

  #failed(error: ChatError): void {
    if (!error.retryable && error.code !== "internal") {
      this.end();
      return this.#state.refused(error);
    }
    this.#timer = setTimeout(() => this.#ask(), Math.max((error.retryAfter ?? 0) * 1000, retryDelay(this.#failures++)));
  }
}
