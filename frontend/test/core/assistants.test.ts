import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { enter, FakeBrowser, pass, type Person, stopClock } from "./support/client";
import { ALICE, BOB, BOT, FakeServer } from "./support/server";

let server: FakeServer;
let alice: Person;

beforeEach(async () => {
  stopClock();
  server = new FakeServer();
  alice = enter(server, new FakeBrowser());
  await pass();
});
afterEach(() => {
  alice.client.close();
  vi.useRealTimers();
});

const request = { id: "t1", room: "general", message_id: "1-2", assistant: BOT, tool: "rename_room", arguments: { name: "Tea" }, expires_at: "2026-11-21T10:01:00.000Z" };

describe("what is not for AI", () => {
  test("says so in the message that is sent, and shows it at once", async () => {
    alice.room.send("a secret", { notForAi: true });
    alice.room.send("no secret");
    expect(alice.room.rows.value.map((row) => row.message.value.not_for_ai)).toEqual([true, undefined]);
    await pass();
    expect(server.asked("message").map(({ body, not_for_ai }) => [body, not_for_ai])).toEqual([["a secret", true], ["no secret", undefined]]);
  });

  test("is still not for AI when it goes out after a reload", async () => {
    const browser = new FakeBrowser();
    server.cut();
    const before = enter(server, browser);
    before.room.send("a secret", { notForAi: true });
    await pass();
    before.client.close();
    server.door = "open";
    const after = enter(server, browser);
    await pass();
    expect(server.asked("message")).toMatchObject([{ body: "a secret", not_for_ai: true }]);
    after.client.close();
  });

  test("is a switch of one's own in the room", async () => {
    expect(alice.room.notForAi.value).toBe(false);
    server.next("ai_privacy", () => ({ ok: true, not_for_ai: true }));
    await alice.room.keepFromAi(true);
    expect(server.asked("ai_privacy")).toEqual([{ room: "general", not_for_ai: true }]);
    expect(alice.room.notForAi.value).toBe(true);
  });
});

describe("an answer that broke off", () => {
  test("is written on: the first words of the new attempt are the text so far", async () => {
    const run = { attempt: 1, asker: ALICE, versions: 1 };
    const { id } = server.post(BOT, "half an", { status: "interrupted", run: { ...run, error: "ai_incomplete" } });
    await pass();
    server.next("continue", () => ({ ok: true, message: server.change(id, { status: "thinking", body: "", run: { ...run, attempt: 2 } }) }));
    await alice.room.goOn(id);
    expect(server.asked("continue")).toEqual([{ message_id: id }]);
    const row = alice.room.rowOf(id)!;
    expect([row.message.value.status, row.text.value]).toEqual(["thinking", ""]);
    const delta = { room: "general", message_id: id, attempt: 2 };
    server.tell("message_delta", { ...delta, offset: 0, text: "half an" });
    server.tell("message_delta", { ...delta, offset: 7, text: " answer" });
    expect([row.message.value.status, row.text.value]).toEqual(["streaming", "half an answer"]);
    expect(server.asked("sync")).toEqual([]);
  });
});

describe("an answer that uses a tool", () => {
  const run = { attempt: 1, asker: ALICE, versions: 1 };
  const use = { room: "general", attempt: 1, tool: "search_room" };

  test("says so until its text goes on", async () => {
    const { id } = server.post(BOT, "", { status: "thinking", run });
    await pass();
    const { tool } = alice.room.rowOf(id)!;
    server.tell("tool_use", { ...use, message_id: id });
    expect(tool.value).toBe("search_room");
    server.tell("message_delta", { room: "general", message_id: id, attempt: 1, offset: 0, text: "Found" });
    expect(tool.value).toBe(null);
    server.tell("tool_use", { ...use, message_id: id, attempt: 0 });
    expect(tool.value).toBe(null);
  });

  test("says so no longer when it has ended, and to who comes in the middle at once", async () => {
    const { id } = server.post(BOT, "", { status: "thinking", run });
    server.runs = [{ message_id: id, attempt: 1, text: "", tool: "search_room" }];
    const bob = enter(server, new FakeBrowser());
    await pass();
    const { tool } = bob.room.rowOf(id)!;
    expect(tool.value).toBe("search_room");
    server.change(id, { status: "failed", run: { ...run, error: "ai_busy", retry_after: 7 } });
    await pass();
    expect(tool.value).toBe(null);
    bob.client.close();
  });
});

describe("what an assistant asks to be allowed", () => {
  test("is asked once, however often it is heard, and goes with the answer", async () => {
    server.tell("tool_request", request);
    alice.room.toolAsked(request);
    expect(alice.room.toolRequests.value).toEqual([request]);
    await alice.room.answerTool("t1", true);
    expect(server.asked("tool_answer")).toEqual([{ id: "t1", approve: true }]);
    expect(alice.room.toolRequests.value).toEqual([]);
  });

  test("goes when it was settled elsewhere", () => {
    server.tell("tool_request", request);
    server.tell("tool_settled", { id: "t1", room: "general", state: "expired" });
    expect(alice.room.toolRequests.value).toEqual([]);
  });

  test("goes also when it was over before it was answered", async () => {
    server.tell("tool_request", request);
    server.fail("tool_answer", { code: "not_found", message: "over" });
    await expect(alice.room.answerTool("t1", true)).rejects.toMatchObject({ code: "not_found" });
    expect(alice.room.toolRequests.value).toEqual([]);
  });
});

test("the end of an answer is heard of wherever it stands, once, and not what is done with it later", async () => {
  const run = { attempt: 1, asker: ALICE, versions: 1 };
  const { id } = server.post(BOT, "", { status: "thinking", run });
  server.post(BOB, "meanwhile");
  expect(alice.room.answered.value).toBeNull();
  server.change(id, { status: "done", body: "Yes.", run });
  const ended = alice.room.answered.value;
  expect(ended).toMatchObject({ id, status: "done" });
  server.change(id, { reactions: [{ emoji: "👍", count: 1, users: [BOB.id] }] });
  expect(alice.room.answered.value).toBe(ended);
});

test("a change of the room's assistants is heard of", async () => {
  const before = alice.room.assistantsChanged.value;
  server.tell("room", { room: "general", seq: ++server.seq, prev: server.seq - 1, kind: "assistants", by: BOB });
  expect(alice.room.assistantsChanged.value).toBe(before + 1);
  expect(alice.room.info.value?.members_count).toBe(2);
});
