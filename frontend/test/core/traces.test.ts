/** Replays what the server's model of numbers, holes and resuming says a client must show (format: tests/model/traces.py). */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Wire } from "../../src/core/connection";
import { memoryEntries } from "../../src/core/entries";
import { ChatError } from "../../src/core/errors";
import { History } from "../../src/core/history";
import { ClientView } from "../../src/core/numbers";
import { Outbox } from "../../src/core/outbox";
import { People } from "../../src/core/people";
import type { HistoryReply, JoinReply, Message, SyncReply } from "../../src/core/protocol";
import { RoomState } from "../../src/core/room_state";
import { type NumberedEvent, Subscription } from "../../src/core/subscription";
import { FakeBrowser } from "./support/client";
import { ALICE, BOB } from "./support/server";

type Step = { readonly expect: object } & (
  | { readonly do: "join" }
  | { readonly do: "lost" }
  | { readonly do: "need_sync" }
  | { readonly do: "ask_history"; readonly before: number }
  | { readonly do: "event"; readonly name: "message" | "message_changed" | "room"; readonly payload: any }
  | { readonly do: "ack"; readonly of: "join" | "sync" | "change" | "history"; readonly answer: any }
);

interface Trace {
  readonly format: number;
  readonly name: string;
  readonly about: string;
  readonly buffer: number;
  readonly steps: readonly Step[];
}

interface Asked {
  readonly event: string;
  readonly payload: any;
  answer(reply: unknown): void;
  fail(error: ChatError): void;
}

/** One client's room, as room.ts puts it together, on a wire whose answers come from a trace. */
class Replay {
  readonly #asked: Asked[] = [];
  readonly #view: ClientView<NumberedEvent>;
  readonly #state: RoomState;
  readonly #history: History;
  readonly #subscription: Subscription;
  #applied: number[] = [];

  constructor(buffer: number) {
    const wire: Wire = {
      up: true,
      emit: (event, payload) => new Promise((answer, fail) => this.#asked.push({ event, payload, answer: answer as Asked["answer"], fail })),
      on: () => () => undefined,
      watch: () => () => undefined,
      distrust: () => undefined,
    };
    const outbox = new Outbox(ALICE.id, wire, memoryEntries(), new FakeBrowser().tab());
    this.#view = new ClientView(buffer);
    this.#state = new RoomState({ me: ALICE, people: new People(), outbox }, () => Promise.reject(new Error("not read")), () => undefined);
    this.#history = new History(this.#state.timeline, ({ before }) => wire.emit("history", { room: "general", before: before! }));
    const apply = this.#state.apply.bind(this.#state);
    this.#state.apply = (event) => {
      this.#applied.push(event.name === "room" ? event.payload.seq : event.payload.changed_seq);
      apply(event);
    };
    this.#subscription = new Subscription(wire, "general", this.#state, this.#view);
  }

  async take(step: Step): Promise<void> {
    this.#applied = [];
    if (step.do === "join") this.#subscription.came();
    else if (step.do === "lost") this.#lose();
    else if (step.do === "need_sync") this.#subscription.doubted();
    else if (step.do === "event") this.#subscription.received({ name: step.name, payload: filled(step.payload) } as NumberedEvent);
    else if (step.do === "ask_history") void this.#history.older();
    else if (step.of === "change") this.#state.fold([filled(step.answer.message)]);
    else this.#answer(step.of, step.answer);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }

  /** What `expect` of a step says. */
  shows(): object {
    const { timeline, info } = this.#state;
    const { epoch, position, call } = this.#view;
    return {
      epoch,
      position,
      call,
      applied: this.#applied,
      name: info.value?.name ?? null,
      first: timeline.older.value === "end" ? 0 : (timeline.confirmed[0]?.seq ?? 0),
      messages: timeline.confirmed.map(({ now }) => [now.seq, now.changed_seq]),
    };
  }

  /** What the server was really asked and has not answered. */
  asking(event: string): any[] {
    return this.#asked.filter((asked) => asked.event === event).map(({ payload }) => payload);
  }

  #lose(): void {
    this.#subscription.went();
    for (const asked of this.#asked.splice(0)) asked.fail(new ChatError("network", "connection lost"));
  }

  #answer(event: string, answer: any): void {
    const index = this.#asked.findIndex((asked) => asked.event === event);
    const [asked] = this.#asked.splice(index, 1);
    const messages = answer.messages.map(filled);
    if (event === "history") return asked!.answer({ ...answer, messages } satisfies HistoryReply);
    const room = { kind: "public", retention: "forever", role: "member", members_count: 1, ...answer.room };
    const around = { online: [], online_count: 0, reads: {}, read_seq: 0, unread: 0, mentions: 0 };
    asked!.answer({ ...around, ...answer, room, messages, runs: [] } satisfies JoinReply | SyncReply);
  }
}

/** The model's messages have only what its rules are about. */
function filled(message: Partial<Message>): Message {
  const rest = { client_id: null, sender: BOB, type: "text", mentions: [], created_at: "2026-01-01T00:00:00.000Z", edited_at: null, uploads: [] };
  return { ...rest, ...message } as Message;
}

const folder = new URL("../traces/", import.meta.url);
const traces = readdirSync(folder).map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf-8")) as Trace);

describe("a client does as the model does", () => {
  test("and there are traces to replay", () => expect(traces.length).toBeGreaterThan(20));

  test.each(traces.map((trace) => [trace.name, trace] as const))("%s", async (_, trace) => {
    expect(trace.format).toBe(1);
    const replay = new Replay(trace.buffer);
    for (const [number, step] of trace.steps.entries()) {
      await replay.take(step);
      const expected = step.expect;
      const { call } = expected as { call: { name: string; since: number | null; epoch: string | null } | null };
      expect(replay.shows(), `step ${number}: ${step.do}. ${trace.about}`).toEqual(expected);
      if (call !== null) {
        const asked = call.since === null ? { room: "general" } : { room: "general", since: call.since, epoch: call.epoch };
        expect(replay.asking(call.name), `step ${number} asks`).toEqual([asked]);
      }
      if (step.do === "ask_history") expect(replay.asking("history").at(-1)).toMatchObject({ before: step.before });
    }
  });
});
