import { computed } from "@preact/signals-core";
import { afterEach, describe, expect, it } from "vitest";
import type { Assistant } from "../../src/core/api";
import { language } from "../../src/i18n";
import { changesOf, fieldsOf, problemsOf, problemsOfCaps, typedOf, type Typed } from "../../src/ui/assistants/settings/fields";
import { nameOfModel } from "../../src/ui/assistants/sheets/model";
import { sentenceOf } from "../../src/ui/assistants/sheets/tools";
import { waitingOf } from "../../src/ui/assistants/queue";
import { speaksKey } from "../../src/ui/assistants/roster";
import { firstSeen } from "../../src/ui/assistants/seen";
import { thinkingSince } from "../../src/ui/assistants/thinking";
import { secondsToWait } from "../../src/ui/assistants/waiting";
import { inkOn } from "../../src/ui/people/face";
import { MemoryRow } from "./fixture/memory";
import { message } from "./make";

const stored: Assistant = {
  id: "a1", name: "번역가", avatar: "🦊", persona: "짧고 정확하게.", provider: "local", model: null, temperature: 0.3, tools: true,
  room: "room", builtin: false, demo: false, tokens_per_day: 5000, cost_per_day: 250_000,
};

const typed = (change: Partial<Typed> = {}): Typed => ({ ...typedOf(null, "demo"), name: "번역가", ...change });

afterEach(() => {
  language.value = "en";
});

describe("what is typed of an assistant", () => {
  it("is as it is stored, and sends nothing when nothing was changed", () => {
    expect(typedOf(stored, "demo")).toMatchObject({ name: "번역가", model: "", temperature: "0.3", tokens_per_day: "5000", cost_per_day: "0.25" });
    expect(changesOf(typedOf(stored, "demo"), stored, true)).toEqual({});
  });

  it("sends only what differs, and limits for admins alone", () => {
    const now = { ...typedOf(stored, "demo"), temperature: "", model: " qwen3:8b ", cost_per_day: "1,5" };
    expect(changesOf(now, stored, true)).toEqual({ temperature: null, model: "qwen3:8b", cost_per_day: 1_500_000 });
    expect(changesOf(now, stored, false)).toEqual({ temperature: null, model: "qwen3:8b" });
    expect(fieldsOf(typed(), false)).not.toHaveProperty("tokens_per_day");
  });

  it.each([
    [{ name: "  " }, "name", "bad_name"],
    [{ name: "가".repeat(41) }, "name", "bad_name"],
    [{ name: "@번역가" }, "name", "bad_name_at"],
    [{ avatar: "🦊🦊" }, "avatar", "bad_avatar"],
    [{ avatar: "#12345" }, "avatar", "bad_avatar"],
    [{ persona: "x".repeat(4001) }, "persona", "bad_persona"],
    [{ temperature: "2.1" }, "temperature", "bad_temperature"],
    [{ temperature: "warm" }, "temperature", "bad_temperature"],
    [{ tokens_per_day: "1.5" }, "tokens_per_day", "bad_whole"],
    [{ tokens_per_day: "-1" }, "tokens_per_day", "bad_whole"],
    [{ cost_per_day: "much" }, "cost_per_day", "bad_amount"],
  ] as const)("is refused beside its field: %j", (change, field, word) => {
    expect(problemsOf(typed(change))).toEqual({ [field]: word });
  });

  it.each([
    {},
    { name: "가".repeat(40), persona: "😀".repeat(4000), temperature: "2", avatar: "👩‍💻" },
    { avatar: "#A0b1c2", temperature: "0,7", tokens_per_day: "0", cost_per_day: "0" },
  ])("is taken: %j", (change) => {
    expect(problemsOf(typed(change))).toEqual({});
  });

  it("takes empty limits", () => {
    expect(problemsOfCaps({ tokens_per_day: "", cost_per_day: " " })).toEqual({});
  });
});

describe("an assistant", () => {
  it("speaks as it was told, or else as the room has it", () => {
    const key = (speaks: "mentioned" | "always" | "never", turns: "mentioned" | "always" | "round_robin") =>
      speaksKey({ assistant: stored, speaks, queued: 0, busy: false }, turns);
    expect([key("mentioned", "mentioned"), key("mentioned", "always"), key("mentioned", "round_robin")]).toEqual([
      "speaks_mentioned", "speaks_always", "speaks_in_turn",
    ]);
    expect([key("never", "always"), key("always", "mentioned")]).toEqual(["speaks_never", "speaks_always"]);
  });

  it("has letters that stand out from any colour", () => {
    expect([inkOn("#000000"), inkOn("#6a3fb5"), inkOn("#f2c14e"), inkOn("#ffffff")]).toEqual(["#fff", "#fff", "#000", "#000"]);
  });

  it.each([
    ["local", "local/llama3.2", "local · llama3.2"],
    ["local", "org/llama3.2", "local · org/llama3.2"],
    ["demo", null, "demo"],
    [null, "llama3.2", "llama3.2"],
    [null, null, ""],
  ])("is made of a provider and a model, each told once: %s, %s", (provider, model, told) => {
    expect(nameOfModel({ provider, model })).toBe(told);
  });

  it("says what it does with a tool, and cuts what is long", () => {
    expect(sentenceOf({ tool: "search_room", arguments: { query: "tea" } })).toBe("Searched for “tea”");
    expect(sentenceOf({ tool: "fly", arguments: {} })).toBe("Use fly");
    expect(sentenceOf({ tool: "fly", arguments: { to: "x".repeat(500) } }).length).toBeLessThan(150);
    language.value = "ko";
    expect(sentenceOf({ tool: "rename_room", arguments: { name: "차" } })).toBe("방 이름을 “차”로 바꾸기");
  });
});

describe("who waits for an assistant", () => {
  const answer = (status: "queued" | "thinking" | "done", sender = "a1") =>
    new MemoryRow(message({ sender: { id: sender, name: "번역가", kind: "assistant" }, status, run: { attempt: 1, asker: message().sender, versions: 1 } }));

  it("is counted wherever they stand, and of no other assistant", () => {
    const again = answer("done");
    const rows = [again, ...Array.from({ length: 200 }, () => new MemoryRow(message())), answer("thinking"), answer("queued"), answer("queued", "a2")];
    const waiting = computed(() => waitingOf(rows, true, "a1", 9));
    expect(waiting.value).toBe(1);
    again.change({ status: "queued" });
    expect(waiting.value).toBe(2);
    again.change({ status: "thinking" });
    expect(waiting.value).toBe(1);
  });

  it("is what the server told while the end of the room is not loaded", () => {
    const rows = [answer("queued"), answer("done")];
    expect([waitingOf(rows, false, "a1", 3), waitingOf(rows, true, "a1", 3)]).toEqual([3, 1]);
  });
});

describe("what is first seen", () => {
  const row = () => new MemoryRow(message({ status: "failed", run: { attempt: 1, asker: message().sender, versions: 1 } }));

  it("is kept for each row and attempt, apart from other things that are seen", () => {
    const [one, two, begun, failed] = [row(), row(), firstSeen(), firstSeen()];
    expect([begun(one, 5), begun(one, 9), begun(two, 9), failed(one, 11), begun(one, 12)]).toEqual([5, 5, 9, 11, 5]);
    one.change({ run: { ...one.message.peek().run!, attempt: 2 } });
    expect([begun(one, 20), begun(one, 30), failed(one, 40), begun(two, 50)]).toEqual([20, 20, 40, 9]);
  });

  it("is kept for a message that no attempt is known of", () => {
    const [plain, begun] = [new MemoryRow(message()), firstSeen()];
    expect([begun(plain, 0), begun(plain, 7)]).toEqual([0, 0]);
  });
});

describe("thinking", () => {
  const row = (attempt: number) =>
    new MemoryRow(message({ status: "thinking", created_at: "2026-11-20T05:00:00.000Z", run: { attempt, asker: message().sender, versions: 1 } }));
  const asked = Date.parse("2026-11-20T05:00:00.000Z");

  it("counts from the question at first, and from its own beginning when it is done again", () => {
    expect(thinkingSince(row(1), asked + 3_000)).toBe(asked);
    const again = row(2);
    expect(thinkingSince(again, asked + 60_000)).toBe(asked + 60_000);
    expect(thinkingSince(again, asked + 65_000)).toBe(asked + 60_000);
    again.change({ run: { ...again.message.peek().run!, attempt: 3 } });
    expect(thinkingSince(again, asked + 90_000)).toBe(asked + 90_000);
  });
});

describe("an answer that failed", () => {
  const failed = () =>
    new MemoryRow(message({ status: "failed", run: { attempt: 1, asker: message().sender, versions: 1, error: "ai_busy", retry_after: 30 } }));

  it("asks to wait for as long as that is ahead, from when it was seen to fail", () => {
    const row = failed();
    expect([1_000, 11_000, 30_500, 31_000, 90_000].map((now) => secondsToWait(row, now))).toEqual([30, 20, 0.5, null, null]);
    row.change({ run: { ...row.message.peek().run!, attempt: 2 } });
    expect(secondsToWait(row, 90_000)).toBe(30);
  });

  it("asks nothing if nobody knows when it failed", () => {
    const row = failed();
    row.wasRunning = false;
    expect(secondsToWait(row, 1_000)).toBeNull();
  });
});
