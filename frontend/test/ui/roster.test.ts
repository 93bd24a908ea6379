import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Budgets, ChatClient, Message } from "../../src/core/api";
import { Roster } from "../../src/ui/assistants/roster";
import { MemoryRoom } from "./fixture/memory";
import { message } from "./make";

const ME = message().sender;
const START = Date.parse("2026-11-20T12:00:00Z");
const HOUR = 3_600_000;

let asked: string[];
let store: MemoryRoom;
let roster: Roster;
let leave: () => void;

function answerFor(asker = ME): Message {
  return message({ status: "done", run: { attempt: 1, asker, versions: 1 } });
}

const pass = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  asked = [];
  const http = {
    call: async (_method: string, path: string): Promise<Budgets> => {
      asked.push(path);
      return { resets_at: new Date(Math.ceil((Date.now() + 1) / (24 * HOUR)) * 24 * HOUR).toISOString(), budgets: [] };
    },
  };
  const hello = signal({ features: ["budgets"] });
  store = new MemoryRoom({ slug: "room", name: "room", kind: "public", epoch: "e", seq: 0, retention: "forever", role: "member", members_count: 2 }, []);
  roster = new Roster({ http, hello, me: signal(ME), now: () => Date.now() } as unknown as ChatClient, store);
  leave = roster.follow();
});
afterEach(() => {
  leave();
  vi.useRealTimers();
});

describe("what is left of the budgets", () => {
  it("is not asked for by who does not look at it", async () => {
    store.answered.value = answerFor();
    await pass(48 * HOUR);
    expect(asked).toEqual([]);
  });

  it("is asked for at once when an answer to me has ended", async () => {
    await roster.loadBudgets();
    store.answered.value = answerFor();
    await pass();
    expect(asked).toHaveLength(2);
  });

  it("is asked for within a minute and a half after answers to others, however many, and not at once", async () => {
    await roster.loadBudgets();
    for (let count = 0; count < 50; count++) store.answered.value = answerFor({ ...ME, id: "other" });
    await pass(29_000);
    expect(asked).toHaveLength(1);
    await pass(61_000);
    expect(asked).toHaveLength(2);
  });

  it("is asked for when the day has begun anew", async () => {
    await roster.loadBudgets();
    await pass(11 * HOUR);
    expect(asked).toHaveLength(1);
    await pass(HOUR + 61_000);
    expect(asked).toHaveLength(2);
    await pass(24 * HOUR);
    expect(asked).toHaveLength(3);
  });

  it("is not asked for after the room was left", async () => {
    await roster.loadBudgets();
    store.answered.value = answerFor({ ...ME, id: "other" });
    leave();
    await pass(48 * HOUR);
    expect(asked).toHaveLength(1);
  });
});
