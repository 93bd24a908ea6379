/** One room as the interface has it: its state as signals, the acts of a member, and where its events go. */
import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { Draft, RoomStore, Row, SendOptions } from "./api";
import type { Wire } from "./connection";
import { asChatError } from "./errors";
import { History, type Query } from "./history";
import { draft, type Shelf } from "./prefs";
import type { ClientEvents, HistoryReply, JoinReply, ServerEvents, ToolRequest } from "./protocol";
import { type Neighbours, RoomState } from "./room_state";
import { Subscription } from "./subscription";
import { quote } from "./timeline";
import { OwnTyping } from "./typing";

/** What a room needs of the client around it. */
export interface Surroundings extends Neighbours {
  readonly wire: Wire;
  readonly shelf: Shelf;
  /** A page of history when there is no connection to ask for it. */
  fetchPage(slug: string, query: Query): Promise<HistoryReply>;
}

/** The first state of a room, when the page carries it. */
export type RoomStart = Pick<JoinReply, "room" | "messages" | "more" | "read_seq" | "unread"> & Partial<JoinReply>;

/** Server events of one room. */
export type RoomEvents = Pick<
  ServerEvents,
  | "message" | "message_changed" | "message_delta" | "room" | "typing" | "read" | "presence" | "refused" | "removed"
  | "tool_use" | "tool_request" | "tool_settled"
>;

type MessageAct = "edit" | "delete" | "react" | "stop" | "regenerate" | "continue" | "not_for_ai";

export class RoomModel implements RoomStore {
  readonly slug: string;
  readonly status;
  readonly problem;
  readonly info;
  readonly role;
  readonly last;
  readonly rows: ReadonlySignal<readonly Row[]>;
  readonly older;
  readonly newer;
  readonly atEnd;
  readonly generation;
  readonly caughtUp;
  readonly refusals;
  readonly notForAi: ReadonlySignal<boolean>;
  readonly toolRequests;
  readonly assistantsChanged;
  readonly answered;
  readonly typing;
  readonly online;
  readonly onlineCount;
  readonly reads;
  readonly unread;
  readonly mentions;
  readonly readSeq;
  readonly newLine;
  readonly draft: Draft;
  readonly #around: Surroundings;
  readonly #state: RoomState;
  readonly #history: History;
  readonly #own: OwnTyping;
  readonly #subscription: Subscription;
  readonly #stops: (() => void)[];

  constructor(slug: string, around: Surroundings, start: RoomStart | null) {
    const { me, wire, outbox, shelf } = around;
    this.slug = slug;
    this.#around = around;
    const state = (this.#state = new RoomState(
      around,
      (seq) => wire.emit("read", { room: slug, seq }),
      (seq) => void this.loadAround(seq),
    ));
    const { timeline, presence, reading } = state;
    this.status = state.status;
    this.problem = state.problem;
    this.info = state.info;
    this.role = computed(() => state.info.value?.role ?? null);
    this.last = state.last;
    this.rows = timeline.rows;
    this.older = timeline.older;
    this.newer = timeline.newer;
    this.atEnd = computed(() => timeline.newer.value === "end");
    this.generation = timeline.generation;
    this.caughtUp = state.caughtUp;
    this.refusals = state.refusals;
    this.notForAi = computed(() => state.info.value?.not_for_ai ?? false);
    this.toolRequests = state.toolRequests;
    this.assistantsChanged = state.assistantsChanged;
    this.answered = state.answered;
    this.typing = state.typing.users;
    this.online = presence.online;
    this.onlineCount = presence.count;
    this.reads = presence.reads;
    this.unread = reading.unread;
    this.mentions = reading.mentions;
    this.readSeq = reading.seq;
    this.newLine = reading.newLine;
    this.draft = draft(shelf, me.id, slug, () => state.info.peek()?.retention !== "live");
    this.#history = new History(timeline, (query) => this.#fetch(query));
    this.#own = new OwnTyping((typing) => void wire.emit("typing", { room: slug, typing }).catch(() => undefined));
    this.#subscription = new Subscription(wire, slug, state);
    if (start !== null) {
      state.snapshot({ online: [], online_count: 0, mentions: 0, runs: [], ...start }, true);
      this.#subscription.startAt(start.room.epoch, start.room.seq);
    }
    this.#stops = [
      outbox.show(slug, {
        added: (unsent) => state.pend(unsent),
        sent: (message) => state.fold([message]),
        dropped: (clientId) => timeline.unpend(clientId),
      }),
      wire.watch({
        came: () => this.#subscription.came(),
        went: () => {
          state.typing.clear();
          this.#subscription.went();
        },
        doubted: () => this.#subscription.doubted(),
      }),
    ];
  }

  reload(): void {
    if (this.status.peek() === "ready") return;
    this.#state.status.value = "loading";
    this.#subscription.open();
  }

  loadOlder(): Promise<void> {
    return this.#history.older();
  }

  loadNewer(): Promise<void> {
    return this.#history.newer();
  }

  async loadAround(seq: number): Promise<Row | null> {
    const { timeline } = this.#state;
    try {
      if (timeline.at(seq) === null) await this.#history.around(seq);
    } catch {
      return null;
    }
    return timeline.near(seq);
  }

  async jumpToLatest(): Promise<void> {
    if (!this.atEnd.peek()) await this.#history.latest();
    this.#state.reading.skipTo(this.#state.timeline.confirmed.at(-1)?.seq ?? 0);
  }

  rowAt(seq: number): Row | null {
    return this.#state.timeline.at(seq);
  }

  rowOf(messageId: string): Row | null {
    return this.#state.timeline.byId(messageId);
  }

  clearNewLine(): void {
    this.#state.reading.clearLine();
  }

  setFocused(on: boolean): void {
    this.#state.reading.setFocused(on);
  }

  markRead(seq: number): void {
    this.#state.reading.seen(seq);
  }

  typed(text: string): void {
    if (this.#around.wire.up) this.#own.typed(text);
  }

  send(body: string, options: SendOptions = {}): string {
    this.#own.stop();
    this.#state.reading.clearLine();
    const replyTo = options.replyTo ? quote(options.replyTo) : null;
    return this.#around.outbox.post(this.slug, body, replyTo, options.notForAi);
  }

  retry(key: string): void {
    this.#around.outbox.retry(key);
  }

  discard(key: string): void {
    this.#around.outbox.discard(key);
  }

  edit(messageId: string, body: string): Promise<void> {
    return this.#act("edit", { message_id: messageId, body });
  }

  remove(messageId: string): Promise<void> {
    return this.#act("delete", { message_id: messageId });
  }

  react(messageId: string, emoji: string, on: boolean): Promise<void> {
    return this.#act("react", { message_id: messageId, emoji, on });
  }

  stop(messageId: string): Promise<void> {
    return this.#act("stop", { message_id: messageId });
  }

  regenerate(messageId: string): Promise<void> {
    return this.#act("regenerate", { message_id: messageId });
  }

  goOn(messageId: string): Promise<void> {
    return this.#act("continue", { message_id: messageId });
  }

  async keepFromAi(on: boolean): Promise<void> {
    const { not_for_ai } = await this.#around.wire.emit("ai_privacy", { room: this.slug, not_for_ai: on });
    const info = this.info.peek();
    if (info !== null) this.#state.info.value = { ...info, not_for_ai };
  }

  markNotForAi(messageId: string, on: boolean): Promise<void> {
    return this.#act("not_for_ai", { message_id: messageId, on });
  }

  toolAsked(request: ToolRequest): void {
    this.#state.toolAsked(request);
  }

  async answerTool(requestId: string, approve: boolean): Promise<void> {
    try {
      await this.#around.wire.emit("tool_answer", { id: requestId, approve });
    } catch (thrown) {
      // Over, or answered in another tab: there is nothing left to ask. Otherwise it may be answered again.
      if (asChatError(thrown).code === "not_found") this.#state.toolSettled({ id: requestId });
      throw thrown;
    }
    this.#state.toolSettled({ id: requestId });
  }

  /** Ends the subscription; the store is not to be used afterwards. */
  close(): void {
    this.#own.stop();
    this.#state.typing.clear();
    this.#state.reading.stop();
    for (const stop of this.#stops) stop();
    this.#subscription.end();
    this.#around.wire.emit("leave", { room: this.slug }).catch(() => undefined);
  }

  /** An event of this room. */
  heard<E extends keyof RoomEvents>(name: E, payload: RoomEvents[E]): void {
    const event = { name, payload } as { [N in keyof RoomEvents]: { name: N; payload: RoomEvents[N] } }[keyof RoomEvents];
    switch (event.name) {
      case "message":
      case "message_changed":
      case "room":
        return this.#subscription.received(event);
      case "message_delta":
        if (!this.#state.timeline.extendAnswer(event.payload)) this.#subscription.textMissing();
        return;
      case "tool_use":
        return this.#state.timeline.useTool(event.payload);
      case "typing":
        return this.#state.typed(event.payload);
      case "presence":
        return this.#state.presenceChanged(event.payload);
      case "read":
        return this.#state.readBy(event.payload.reads);
      case "refused":
        return this.#state.refusedAnswer(event.payload);
      case "tool_request":
        return this.#state.toolAsked(event.payload);
      case "tool_settled":
        return this.#state.toolSettled(event.payload);
      case "removed":
        this.#subscription.end();
        this.#state.status.value = "gone";
    }
  }

  async #fetch(query: Query): Promise<HistoryReply> {
    const { wire, fetchPage } = this.#around;
    const page = wire.up ? await wire.emit("history", { room: this.slug, ...query }) : await fetchPage(this.slug, query);
    this.#state.take(page.messages);
    return page;
  }

  async #act<E extends MessageAct>(event: E, payload: ClientEvents[E]["payload"]): Promise<void> {
    const { message } = await this.#around.wire.emit(event, payload);
    this.#state.fold([message]);
  }
}
