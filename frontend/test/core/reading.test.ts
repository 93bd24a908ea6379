import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { enter, FakeBrowser, pass, type Person, stopClock } from "./support/client";
import { ALICE, BOB, FakeServer } from "./support/server";

let server: FakeServer;
let alice: Person;

beforeEach(() => {
  stopClock();
  server = new FakeServer();
});
afterEach(() => {
  alice.client.close();
  vi.useRealTimers();
});

async function enters(): Promise<void> {
  alice = enter(server, new FakeBrowser());
  await pass();
}

const told = (): number[] => server.asked("read").map(({ seq }) => seq);

describe("the read cursor", () => {
  test("follows what was seen, and is told at most once a second", async () => {
    for (let count = 1; count <= 5; count++) server.post(BOB, `${count}`);
    await enters();
    expect(alice.room.unread.value).toBe(5);
    for (const seq of [1, 2, 3]) alice.room.markRead(seq);
    await pass();
    expect([alice.room.unread.value, told()]).toEqual([2, [3]]);
    alice.room.markRead(4);
    await pass(500);
    alice.room.markRead(5);
    expect(told()).toEqual([3]);
    await pass(500);
    expect([alice.room.unread.value, told()]).toEqual([0, [3, 5]]);
  });

  test("never moves back", async () => {
    for (let count = 1; count <= 5; count++) server.post(BOB, `${count}`);
    await enters();
    alice.room.markRead(5);
    alice.room.markRead(2);
    await pass(2_000);
    expect([alice.room.readSeq.value, told()]).toEqual([5, [5]]);
  });

  test("does not cross messages that are not loaded: nobody saw them", async () => {
    for (let count = 1; count <= 200; count++) server.post(BOB, `${count}`);
    await enters();
    alice.room.markRead(200);
    await pass(2_000);
    expect([alice.room.readSeq.value, told()]).toEqual([0, []]);
    await alice.room.loadOlder();
    await alice.room.loadOlder();
    alice.room.markRead(200);
    await pass(2_000);
    expect([alice.room.readSeq.value, alice.room.unread.value, told()]).toEqual([200, 0, [200]]);
  });

  test("crosses numbers that are no messages", async () => {
    for (let count = 1; count <= 60; count++) server.post(BOB, `${count}`);
    for (let count = 0; count < 5; count++) server.change("1-1", { body: `edit ${count}` });
    for (let count = 61; count <= 110; count++) server.post(BOB, `${count}`);
    server.readSeq = 60;
    await enters();
    alice.room.markRead(115);
    expect(alice.room.unread.value).toBe(0);
  });

  test("that moved without a connection is told with the next one", async () => {
    server.post(BOB, "1");
    await enters();
    server.cut();
    alice.room.markRead(1);
    await pass(1_500);
    server.door = "open";
    alice.client.tryNow();
    await pass(1_000);
    expect([server.readSeq, alice.room.unread.value]).toEqual([1, 0]);
  });

  test("moves with my other devices", async () => {
    for (let count = 1; count <= 3; count++) server.post(BOB, `${count}`);
    await enters();
    server.tell("read", { room: "general", reads: { alice: 2 } });
    await pass(2_000);
    expect([alice.room.readSeq.value, alice.room.unread.value, told()]).toEqual([2, 1, []]);
  });

  test("moved by another device over rows that are not loaded, the server counts", async () => {
    for (let count = 1; count <= 120; count++) server.post(BOB, `${count}`);
    await enters();
    server.readSeq = 60;
    server.tell("read", { room: "general", reads: { alice: 60 } });
    await pass(1_000);
    expect(alice.room.unread.value).toBe(60);
  });
});

describe("unread", () => {
  test("counts others' messages and mentions of me, not mine, not the system's, not deleted ones, to 99+", async () => {
    await enters();
    server.post(BOB, "hey @alice", { mentions: [{ user_id: "alice", start: 4, length: 6 }] });
    server.post(ALICE, "mine");
    server.post(BOB, "", { type: "system", params: {} });
    server.post(BOB, "oops");
    expect([alice.room.unread.value, alice.room.mentions.value]).toEqual([2, 1]);
    server.change("1-4", { deleted_at: "2026-01-01T00:00:00.000Z", body: "" });
    expect([alice.room.unread.value, alice.room.mentions.value]).toEqual([1, 1]);
    server.change("1-4", { reactions: [] });
    expect(alice.room.unread.value).toBe(1);
    for (let count = 0; count < 150; count++) server.post(BOB, "spam");
    expect(alice.room.unread.value).toBe(100);
    alice.room.markRead(1);
    expect(alice.room.mentions.value).toBe(0);
  });

  test("is right after a hole was mended", async () => {
    await enters();
    server.post(BOB, "lost", { lost: true });
    server.post(BOB, "found");
    await pass();
    expect(alice.room.unread.value).toBe(2);
  });

  test("shows in the list of rooms", async () => {
    await enters();
    server.post(BOB, "hello");
    expect(alice.client.rooms.value).toMatchObject([{ slug: "general", unread: 1, last: { body: "hello" } }]);
  });
});

describe("the New line", () => {
  test("stands where I left off when I come", async () => {
    for (let count = 1; count <= 3; count++) server.post(BOB, `${count}`);
    server.readSeq = 2;
    await enters();
    expect(alice.room.newLine.value).toBe(2);
    alice.room.clearNewLine();
    expect(alice.room.newLine.value).toBe(null);
  });

  test("is drawn above the first message that comes while I look elsewhere, and not while I look", async () => {
    await enters();
    server.post(BOB, "seen");
    expect(alice.room.newLine.value).toBe(null);
    alice.room.setFocused(false);
    server.post(ALICE, "mine, from the phone");
    server.post(BOB, "unseen");
    server.post(BOB, "and another");
    expect(alice.room.newLine.value).toBe(2);
    alice.room.setFocused(true);
    expect(alice.room.newLine.value).toBe(2);
    alice.room.send("back");
    expect(alice.room.newLine.value).toBe(null);
  });
});
