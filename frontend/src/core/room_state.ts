/** The state of one room, folded from answers and events. Nothing here sends or asks. */
import { signal } from "@preact/signals-core";
import { ChatError } from "./errors";
import type { Outbox, Unsent } from "./outbox";
import type { People } from "./people";
import { Presence } from "./presence";
import type {
  JoinReply, Message, PresenceEvent, Refused, RoomEvent, RoomInfo, SyncReply, ToolRequest, ToolSettled, TypingEvent, User,
} from "./protocol";
import { Reading } from "./reading";
import { isRunning, waitingRow } from "./row";
import type { NumberedEvent, Subscriber } from "./subscription";
import { Timeline } from "./timeline";
import { OthersTyping } from "./typing";

/** What a room's messages touch outside the room. */
export interface Neighbours {
  readonly me: User;
  readonly people: People;
  readonly outbox: Outbox;
}

export class RoomState implements Subscriber {
  readonly status = signal<"loading" | "ready" | "gone" | "failed">("loading");
  readonly problem = signal<ChatError | null>(null);
  readonly info = signal<RoomInfo | null>(null);
  readonly last = signal<Message | null>(null);
  readonly caughtUp = signal<{ readonly at: number; readonly count: number } | null>(null);
  readonly refusals = signal<ReadonlyMap<string, ChatError>>(new Map());
  readonly toolRequests = signal<readonly ToolRequest[]>([]);
  readonly assistantsChanged = signal(0);
  readonly answered = signal<Message | null>(null);
  readonly timeline: Timeline;
  readonly presence = new Presence();
  readonly typing: OthersTyping;
  readonly reading: Reading;
  /** Asks for the surroundings of a place again: the loaded part was replaced under somebody who read further up. */
  readonly #goBack: (seq: number) => void;
  readonly #me: User;
  readonly #people: People;
  readonly #outbox: Outbox;

  constructor({ me, people, outbox }: Neighbours, tell: ConstructorParameters<typeof Reading>[2], goBack: (seq: number) => void) {
    this.#me = me;
    this.#people = people;
    this.#outbox = outbox;
    this.#goBack = goBack;
    this.timeline = new Timeline(me.id);
    this.typing = new OthersTyping(me.id);
    this.reading = new Reading(me.id, this.timeline, tell);
  }

  snapshot(reply: JoinReply, anew: boolean): void {
    const first = this.status.peek() !== "ready";
    const known = this.last.peek()?.seq ?? Infinity;
    const rows = this.timeline.confirmed;
    const place = !first && !anew && !this.timeline.atEnd ? rows[rows.length >> 1]?.seq : undefined;
    if (anew) this.timeline.clear();
    this.timeline.replace(reply.messages, reply.more ? "more" : "end", "end");
    this.take(reply.messages);
    this.#enter(reply);
    if (first) this.reading.drawLine();
    else this.#returned(reply.messages.filter(({ seq }) => seq > known));
    if (place !== undefined) this.#goBack(place);
  }

  resumed(reply: JoinReply, since: number): void {
    this.fold(reply.messages);
    this.#enter(reply);
    this.#returned(reply.messages.filter(({ seq }) => seq > since));
  }

  mended(reply: SyncReply, since: number): void {
    this.info.value = reply.room;
    for (const message of reply.messages) this.#changed(message, message.seq > since);
    this.timeline.restartAnswers(reply.runs);
  }

  apply(event: NumberedEvent): void {
    if (event.name === "room") this.#roomChanged(event.payload);
    else this.#changed(event.payload, event.name === "message");
  }

  refused(error: ChatError): void {
    this.problem.value = error;
    if (error.code === "not_found" || error.code === "forbidden") this.status.value = "gone";
    else if (this.status.peek() === "loading") this.status.value = "failed";
  }

  presenceChanged(event: PresenceEvent): void {
    for (const user of event.joined) this.#people.learn(user);
    this.presence.changed(event);
  }

  refusedAnswer({ message_id, error }: Refused): void {
    this.refusals.value = new Map(this.refusals.peek()).set(message_id, ChatError.from(error));
  }

  toolAsked(request: ToolRequest): void {
    this.toolRequests.value = [...this.toolRequests.peek().filter(({ id }) => id !== request.id), request];
  }

  toolSettled({ id }: Pick<ToolSettled, "id">): void {
    this.toolRequests.value = this.toolRequests.peek().filter((request) => request.id !== id);
  }

  typed({ user, typing }: TypingEvent): void {
    this.#people.learn(user);
    this.typing.heard(user, typing);
  }

  readBy(reads: Readonly<Record<string, number>>): void {
    this.presence.read(reads);
    const mine = reads[this.#me.id];
    if (mine !== undefined) this.reading.elsewhere(mine);
  }

  /** Messages in whatever state and order, from wherever. */
  fold(messages: readonly Message[]): void {
    const ended = messages.findLast((message) => this.#ends(message));
    this.timeline.fold(messages);
    this.take(messages);
    if (ended !== undefined) this.answered.value = ended;
  }

  /** What follows from having seen messages that are placed otherwise. */
  take(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#people.learn(message.sender);
      this.#outbox.stored(message);
      if (message.seq >= (this.last.peek()?.seq ?? 0)) this.last.value = message;
    }
  }

  pend({ entry, delivery }: Unsent): void {
    const stored = this.timeline.pend(waitingRow(this.#me, entry, delivery));
    if (stored !== null) this.#outbox.stored(stored);
  }

  /** The room around its messages, as of a join. */
  #enter(reply: JoinReply): void {
    for (const user of reply.online) this.#people.learn(user);
    this.info.value = reply.room;
    this.presence.reset(reply.online, reply.online_count, reply.reads ?? {});
    this.timeline.restartAnswers(reply.runs);
    this.timeline.retryEdges();
    this.reading.reset(reply.read_seq, reply.unread, reply.mentions);
    this.problem.value = null;
    this.status.value = "ready";
  }

  /** After an outage: what came meanwhile. */
  #returned(news: readonly Message[]): void {
    for (const message of news) this.reading.lineAbove(message);
    const count = news.filter(({ sender }) => sender.id !== this.#me.id).length;
    this.caughtUp.value = { at: Date.now(), count };
  }

  /** Whether this is an answer that was being written, as far as is known. */
  #ends(message: Message): boolean {
    if (message.run === undefined || isRunning(message)) return false;
    const known = this.timeline.byId(message.id);
    return known === null || isRunning(known.now);
  }

  #changed(message: Message, isNew: boolean): void {
    const row = this.timeline.byId(message.id);
    const wasDeleted = row !== null && row.now.deleted_at !== null;
    this.fold([message]);
    if (isNew) {
      this.typing.stopped(message.sender.id);
      this.reading.arrived(message);
    } else if (message.deleted_at !== null && !wasDeleted) {
      this.reading.withdrawn(message);
    }
  }

  #roomChanged(event: RoomEvent): void {
    const info = this.info.peek();
    if (info === null) return;
    if (event.kind === "assistants" || event.user?.kind === "assistant") this.assistantsChanged.value += 1;
    const mine = event.user?.id === this.#me.id;
    if (event.kind === "room" && event.name !== undefined) this.info.value = { ...info, name: event.name };
    else if (event.role === null && mine) this.status.value = "gone";
    else if (event.role === null) this.info.value = { ...info, members_count: info.members_count - 1 };
    else if (mine && event.role !== undefined) this.info.value = { ...info, role: event.role };
  }
}
