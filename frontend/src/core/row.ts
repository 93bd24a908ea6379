/** One row of a timeline: a message in its current state, its text while that grows, and how far it came. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { Delivery, Row } from "./api";
import { type Answer, answer, extend } from "./deltas";
import type { Entry } from "./entries";
import type { DeltaEvent, LiveRun, Message, RunStatus, ToolUseEvent, User } from "./protocol";

export const SENT: Delivery = { state: "sent" };
const ALWAYS_SENT: ReadonlySignal<Delivery> = signal(SENT);
const RUNNING: ReadonlySet<RunStatus | undefined> = new Set<RunStatus>(["queued", "thinking", "streaming"]);

export function isRunning(message: Message): boolean {
  return RUNNING.has(message.status);
}

/** In a timeline of 10,000 only the rows on screen have their `text` read: that signal is made when it is asked for. */
export class RowModel implements Row {
  readonly key: string;
  readonly delivery: ReadonlySignal<Delivery>;
  wasRunning: boolean;
  readonly #message: Signal<Message>;
  #text: Signal<string> | null = null;
  #tool: Signal<string | null> | null = null;
  /** Null unless an answer is being written. */
  #answer: Answer | null = null;

  constructor(key: string, message: Message, delivery: ReadonlySignal<Delivery> = ALWAYS_SENT) {
    this.key = key;
    this.delivery = delivery;
    this.#message = signal(message);
    this.wasRunning = isRunning(message);
    if (this.wasRunning) this.#answer = answer(message.run?.attempt ?? 1, message.body);
  }

  get message(): ReadonlySignal<Message> {
    return this.#message;
  }

  get text(): ReadonlySignal<string> {
    return (this.#text ??= signal(this.#currentText()));
  }

  get tool(): ReadonlySignal<string | null> {
    return (this.#tool ??= signal(null));
  }

  /** The message without subscribing to it. */
  get now(): Message {
    return this.#message.peek();
  }

  get seq(): number {
    return this.now.seq;
  }

  /** Takes a newer state; an older one than the one held, or the same, changes nothing. True: it was taken. */
  apply(message: Message): boolean {
    if (message.changed_seq <= this.now.changed_seq) return false;
    if (isRunning(message)) {
      this.wasRunning = true;
      const stored = answer(message.run?.attempt ?? 1, message.body);
      // The stored text lags behind what was heard: deltas are saved about once a second.
      const lags = this.#answer !== null && this.#answer.attempt === stored.attempt && this.#answer.length >= stored.length;
      if (!lags) {
        this.#answer = stored;
        this.#use(null);
      }
      // `thinking` is the last number before the end; that text has come since is known from the deltas alone.
      if (this.#answer !== null && this.#answer.length > 0) message = { ...message, status: "streaming" };
    } else {
      this.#answer = null;
      this.#use(null);
    }
    this.#message.value = message;
    this.#showText();
    return true;
  }

  /** Changes what is shown without a new state of the message: what it quotes was changed. */
  patch(change: Partial<Message>): void {
    this.#message.value = { ...this.now, ...change };
  }

  /** Adds to the answer. False: there is a hole, the text has to be asked for. */
  extend(delta: DeltaEvent): boolean {
    if (this.#answer === null) return true;
    const extended = extend(this.#answer, delta);
    if (extended === "hole") return false;
    if (extended === "stale") return true;
    this.#use(null);
    this.#write(extended);
    return true;
  }

  /** The answer uses a tool, until its text goes on. */
  use({ attempt, tool }: ToolUseEvent): void {
    if (this.#answer !== null && attempt >= this.#answer.attempt) this.#use(tool);
  }

  /** Takes the text of an answer as of a snapshot. */
  restart(run: LiveRun): void {
    if (this.#answer === null || run.attempt < this.#answer.attempt) return;
    this.#write(answer(run.attempt, run.text));
    this.#use(run.tool ?? null);
  }

  #use(tool: string | null): void {
    if (this.#tool !== null) this.#tool.value = tool;
    else if (tool !== null) this.#tool = signal(tool);
  }

  #write(written: Answer): void {
    this.#answer = written;
    if (written.length > 0 && this.now.status !== "streaming") this.patch({ status: "streaming" });
    this.#showText();
  }

  #currentText(): string {
    return this.#answer?.text ?? this.now.body;
  }

  #showText(): void {
    if (this.#text !== null) this.#text.value = this.#currentText();
  }
}

/** The row of a message that is not stored yet. */
export function waitingRow(me: User, entry: Entry, delivery: ReadonlySignal<Delivery>): RowModel {
  const message: Message = {
    id: "",
    room: entry.room,
    seq: 0,
    changed_seq: 0,
    client_id: entry.client_id,
    sender: me,
    type: "text",
    body: entry.body,
    mentions: [],
    created_at: new Date(entry.at).toISOString(),
    edited_at: null,
    deleted_at: null,
    uploads: [],
    reactions: [],
    ...(entry.reply_to ? { reply_to: entry.reply_to } : {}),
    ...(entry.not_for_ai ? { not_for_ai: true } : {}),
  };
  return new RowModel(entry.client_id, message, delivery);
}
