import { effect } from "@preact/signals-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { enter, FakeBrowser, pass, type Person, stopClock } from "./support/client";
import { ALICE, BOB, BOT, FakeServer } from "./support/server";

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

async function enters(boot = {}): Promise<void> {
  alice = enter(server, new FakeBrowser(), { user: ALICE, ...boot });
  await pass();
}

describe("a room", () => {
  test("shows the latest messages and goes on live", async () => {
    server.post(BOB, "one");
    await enters();
    expect(alice.room.status.value).toBe("ready");
    server.post(BOB, "two");
    expect(alice.texts()).toEqual(["one", "two"]);
    expect([alice.room.older.value, alice.room.newer.value]).toEqual(["end", "end"]);
  });

  test("starts from what the page carries and asks only for what came since", async () => {
    server.post(BOB, "one");
    const start = { room: server.room, messages: [...server.messages], more: false, read_seq: 0, unread: 1 };
    server.post(BOB, "two");
    alice = enter(server, new FakeBrowser(), { user: ALICE, room: start });
    expect(alice.texts()).toEqual(["one"]);
    await pass();
    expect(server.asked("join")).toEqual([{ room: "general", since: 1, epoch: "epoch1" }]);
    expect(alice.texts()).toEqual(["one", "two"]);
  });

  test("after an outage gets exactly what it missed, and says how much", async () => {
    server.post(BOB, "one");
    await enters();
    const first = alice.room.rows.value[0]!;
    await pass(20_000);
    server.cut();
    server.post(BOB, "two");
    server.change("1-1", { body: "one, edited" });
    server.door = "open";
    alice.client.tryNow();
    await pass();
    expect(alice.texts()).toEqual(["one, edited", "two"]);
    expect(alice.room.rows.value[0]).toBe(first);
    expect(alice.room.caughtUp.value?.count).toBe(1);
    expect(server.asked("join").at(-1)).toMatchObject({ since: 1, epoch: "epoch1" });
  });

  test("mends a hole by asking, and shows nothing twice or out of order", async () => {
    await enters();
    server.post(BOB, "lost", { lost: true });
    let answer!: () => void;
    server.next("sync", (true_) => new Promise((resolve) => (answer = () => resolve(true_()))));
    server.post(BOB, "after the hole");
    await pass();
    expect(alice.texts()).toEqual([]);
    server.post(BOB, "while asking");
    answer();
    await pass();
    expect(alice.texts()).toEqual(["lost", "after the hole", "while asking"]);
    expect(server.asked("sync")).toEqual([{ room: "general", since: 0, epoch: "epoch1" }]);
  });

  test("asks again when the answer to a sync does not come", async () => {
    await enters();
    server.post(BOB, "lost", { lost: true });
    server.next("sync", () => null);
    server.post(BOB, "after");
    await pass(10_000);
    await pass(4_000);
    expect(alice.texts()).toEqual(["lost", "after"]);
  });

  test("starts afresh in another epoch: nothing known before is kept", async () => {
    for (let count = 0; count < 3; count++) server.post(BOB, `old ${count}`);
    server.change("1-1", { body: "never happened" });
    await enters();
    server.cut();
    server.epoch = "epoch2";
    server.seq = 0;
    server.messages = [];
    server.post(BOB, "restored");
    server.door = "open";
    alice.client.tryNow();
    await pass();
    expect(alice.texts()).toEqual(["restored"]);
    server.post(BOB, "and on");
    expect(alice.texts()).toEqual(["restored", "and on"]);
  });

  test.each(["an outage", "a wake-up"])("starts afresh when the room stands before what it knows, after %s", async (after) => {
    server.post(BOB, "one");
    server.post(BOB, "two");
    server.change("1-1", { body: "never happened" });
    await enters();
    await pass(60_000);
    if (after === "an outage") server.cut();
    server.seq = 1;
    server.messages = [{ ...server.messages[0]!, body: "one", changed_seq: 1 }];
    server.door = "open";
    if (after === "an outage") alice.client.tryNow();
    else alice.awake.wake();
    await pass();
    expect(alice.texts()).toEqual(["one"]);
    server.post(BOB, "and on");
    expect(alice.texts()).toEqual(["one", "and on"]);
  });

  test("asks for proof when the page wakes, and leaves a socket that gives none", async () => {
    await enters();
    await pass(60_000);
    alice.awake.wake();
    await pass();
    expect(server.asked("sync")).toHaveLength(1);
    expect(server.attempts).toBe(1);
    await pass(60_000);
    server.post(BOB, "while asleep", { lost: true });
    server.next("sync", () => null);
    alice.awake.wake();
    await pass(4_000);
    expect(server.attempts).toBe(2);
    expect(alice.texts()).toEqual(["while asleep"]);
  });

  test("that is not open to me is gone; one that does not load can be tried again", async () => {
    server.fail("join", { code: "not_found", message: "No such room" });
    await enters();
    expect(alice.room.status.value).toBe("gone");
    server.fail("join", { code: "bad_request", message: "a slug is letters, digits, - and _" });
    alice.room.reload();
    await pass();
    expect([alice.room.status.value, alice.room.problem.value?.code]).toEqual(["failed", "bad_request"]);
    alice.room.reload();
    await pass();
    expect([alice.room.status.value, alice.room.problem.value]).toEqual(["ready", null]);
  });

  test("that I am removed from is gone and says nothing more", async () => {
    await enters();
    server.tell("removed", { room: "general", reason: "removed" });
    server.post(BOB, "secret");
    expect(alice.room.status.value).toBe("gone");
    expect(alice.texts()).toEqual([]);
    // Joining a public room makes a member: coming back by itself would undo the removal.
    server.cut("open");
    alice.client.tryNow();
    await pass(5_000);
    expect(server.asked("join")).toHaveLength(1);
  });

  test("knows the server's time from its greeting", async () => {
    await enters();
    server.tell("hello", { user: ALICE, protocol: 1, server_time: new Date(Date.now() + 90_000).toISOString(), limits: {}, features: [] });
    await pass(1_000);
    expect(alice.client.now()).toBe(Date.now() + 90_000);
  });

  test("follows its name, my role, and who changed their name", async () => {
    server.post(BOB, "hello");
    await enters();
    const prev = server.seq++;
    server.tell("room", { room: "general", seq: server.seq, prev, kind: "room", by: null, name: "Lobby" });
    expect(alice.room.info.value?.name).toBe("Lobby");
    server.tell("room", { room: "general", seq: ++server.seq, prev: prev + 1, kind: "role", by: null, user: ALICE, role: "moderator" });
    expect(alice.room.role.value).toBe("moderator");
    server.tell("user_changed", { user: { ...BOB, name: "Robert" } });
    expect(alice.client.person("bob").value?.name).toBe("Robert");
  });
});

describe("history", () => {
  beforeEach(() => {
    for (let count = 1; count <= 300; count++) server.post(BOB, `${count}`);
    server.readSeq = 300;
  });

  test("older pages come in front, and the last one ends the list", async () => {
    await enters();
    expect(alice.texts().slice(0, 2)).toEqual(["251", "252"]);
    void alice.room.loadOlder();
    expect(alice.room.older.value).toBe("loading");
    await alice.room.loadOlder();
    expect(server.asked("history")).toHaveLength(1);
    expect(alice.room.older.value).toBe("more");
    await alice.room.loadOlder();
    await alice.room.loadOlder();
    expect(alice.texts()).toEqual(Array.from({ length: 300 }, (_, index) => `${index + 1}`));
    expect(alice.room.older.value).toBe("end");
  });

  test("a page that was read before a change does not bring the old state back", async () => {
    await enters();
    let arrive!: () => void;
    server.next("history", (true_) => {
      const early = structuredClone(true_());
      return new Promise((resolve) => (arrive = () => resolve(early)));
    });
    const loading = alice.room.loadOlder();
    server.change("1-200", { body: "edited meanwhile" });
    arrive();
    await loading;
    expect(alice.room.rowAt(200)?.text.value).toBe("edited meanwhile");
  });

  test("a page that does not load says so, and may be tried again", async () => {
    await enters();
    server.fail("history", { code: "unavailable", message: "later" });
    await alice.room.loadOlder();
    expect(alice.room.older.value).toBe("failed");
    await alice.room.loadOlder();
    expect(alice.texts()).toHaveLength(150);
  });

  test("around a place it is another part of the room, which live messages join only once the head is loaded", async () => {
    await enters();
    const row = await alice.room.loadAround(100);
    expect(row?.message.value.seq).toBe(100);
    expect(alice.room.atEnd.value).toBe(false);
    server.post(BOB, "live");
    server.change("1-100", { body: "changed in sight" });
    expect(row?.text.value).toBe("changed in sight");
    expect(alice.texts()).not.toContain("live");
    expect(alice.room.unread.value).toBe(1);
    await alice.room.loadNewer();
    let arrive!: () => void;
    server.next("history", (true_) => {
      const early = structuredClone(true_());
      return new Promise((resolve) => (arrive = () => resolve(early)));
    });
    const loading = alice.room.loadNewer();
    server.post(BOB, "posted while the last page is on its way");
    arrive();
    await loading;
    expect(alice.room.atEnd.value).toBe(true);
    expect(alice.texts().slice(-3)).toEqual(["300", "live", "posted while the last page is on its way"]);
  });

  test("jumping to the latest shows the head and reads everything", async () => {
    server.readSeq = 0;
    await enters();
    await alice.room.loadAround(10);
    await alice.room.jumpToLatest();
    await pass(1000);
    expect(alice.texts().at(-1)).toBe("300");
    expect([alice.room.unread.value, server.readSeq]).toEqual([0, 300]);
  });

  test("a page that comes after another part was shown is dropped: it would leave a hole", async () => {
    await enters();
    let arrive!: () => void;
    server.next("history", (true_) => new Promise((resolve) => (arrive = () => resolve(true_()))));
    const loading = alice.room.loadOlder();
    await alice.room.loadAround(20);
    const shown = alice.texts();
    arrive();
    await loading;
    expect(alice.texts()).toEqual(shown);
  });

  test("a page that will be dropped keeps nobody from loading the right one", async () => {
    await enters();
    server.next("history", () => null);
    void alice.room.loadOlder();
    await alice.room.loadAround(120);
    await alice.room.loadOlder();
    expect(alice.texts()[0]).toBe("1");
  });

  test("who reads further up is brought back there when too much was missed", async () => {
    await enters();
    await alice.room.loadAround(100);
    server.cut();
    server.next("join", (true_) => {
      const answer = true_();
      return { ...answer, ok: true, refetch: true, messages: server.messages.slice(-50), more: true };
    });
    server.door = "open";
    alice.client.tryNow();
    await pass();
    expect(alice.room.rowAt(100)).not.toBe(null);
  });
});

describe("an answer that is being written", () => {
  const run = { attempt: 1, asker: ALICE, versions: 1 };
  const delta = (offset: number, text: string, attempt = 1) =>
    server.tell("message_delta", { room: "general", message_id: "1-1", attempt, offset, text });

  test("grows without touching the list", async () => {
    await enters();
    server.post(BOT, "", { status: "thinking", run });
    const row = alice.room.rows.value[0]!;
    const rendered = vi.fn();
    const stop = effect(() => rendered(alice.room.rows.value));
    delta(0, "안녕");
    delta(2, "하세요 😀");
    delta(7, "!");
    expect(row.text.value).toBe("안녕하세요 😀!");
    expect(row.message.value.status).toBe("streaming");
    expect(rendered).toHaveBeenCalledTimes(1);
    server.change("1-1", { status: "done", body: "안녕하세요 😀!" });
    expect(row.message.value).toMatchObject({ status: "done", body: "안녕하세요 😀!" });
    delta(8, "late");
    expect(row.text.value).toBe("안녕하세요 😀!");
    stop();
  });

  test("is asked for when deltas leave a hole, and goes on behind the answer", async () => {
    await enters();
    server.post(BOT, "", { status: "thinking", run });
    server.runs = [{ message_id: "1-1", attempt: 1, text: "abcdef" }];
    delta(3, "def");
    await pass();
    delta(6, "g");
    expect(alice.texts()).toEqual(["abcdefg"]);
    expect(server.asked("sync")).toHaveLength(1);
  });

  test("is asked for once a second at most, however many deltas miss", async () => {
    await enters();
    server.post(BOT, "", { status: "thinking", run });
    for (let offset = 10; offset < 30; offset++) {
      delta(offset, "x");
      await pass(49);
    }
    expect(server.asked("sync")).toHaveLength(1);
    await pass(1_000);
    delta(40, "x");
    expect(server.asked("sync")).toHaveLength(2);
  });

  test("is asked for when another attempt began", async () => {
    await enters();
    server.post(BOT, "", { status: "thinking", run });
    delta(0, "first");
    server.runs = [{ message_id: "1-1", attempt: 2, text: "sec" }];
    delta(0, "sec", 2);
    await pass();
    delta(3, "ond", 2);
    delta(5, " stale", 1);
    expect(alice.texts()).toEqual(["second"]);
  });

  test("is met in the middle by who comes late", async () => {
    server.post(BOT, "", { status: "thinking", run });
    server.runs = [{ message_id: "1-1", attempt: 1, text: "half " }];
    await enters();
    delta(5, "way");
    expect(alice.texts()).toEqual(["half way"]);
  });

  test("keeps what was heard when its message changes meanwhile", async () => {
    await enters();
    server.post(BOT, "", { status: "thinking", run });
    delta(0, "heard so far");
    server.change("1-1", { body: "heard", reactions: [{ emoji: "👍", count: 1, users: ["bob"] }] });
    expect(alice.texts()).toEqual(["heard so far"]);
    expect(alice.room.rows.value[0]!.message.value.reactions).toHaveLength(1);
  });

  test("that will not be given is told to me, with the reason", async () => {
    await enters();
    const asked = server.post(ALICE, "@assistant?");
    server.tell("refused", { room: "general", message_id: asked.id, error: { code: "rate_limited", message: "6 a minute", retry_after: 12 } });
    expect(alice.room.refusals.value.get(asked.id)).toMatchObject({ code: "rate_limited", retryAfter: 12 });
  });

  test("that is written anew starts from nothing", async () => {
    server.post(BOT, "old answer", { status: "done", run });
    await enters();
    server.change("1-1", { status: "thinking", body: "", run: { ...run, attempt: 2, versions: 2 } });
    delta(0, "new", 2);
    expect(alice.texts()).toEqual(["new"]);
  });
});

describe("others", () => {
  const typing = (user: object, on: boolean) => server.tell("typing", { room: "general", user, typing: on });

  test("who type are named for 3 s, until they stop, or until they post; assistants and I never", async () => {
    await enters();
    typing(BOB, true);
    typing(BOT, true);
    typing(ALICE, true);
    expect(alice.room.typing.value).toEqual([BOB]);
    await pass(2_000);
    typing(BOB, true);
    await pass(2_000);
    expect(alice.room.typing.value).toEqual([BOB]);
    await pass(1_000);
    expect(alice.room.typing.value).toEqual([]);
    typing(BOB, true);
    typing(BOB, false);
    expect(alice.room.typing.value).toEqual([]);
    typing(BOB, true);
    server.post(BOB, "done");
    expect(alice.room.typing.value).toEqual([]);
  });

  test("hear that I type at most every 2 s, and that I stopped", async () => {
    await enters();
    for (let key = 0; key < 9; key++) {
      alice.room.typed("x".repeat(key + 1));
      await pass(500);
    }
    expect(server.asked("typing").map(({ typing: on }) => on)).toEqual([true, true, true]);
    await pass(3_000);
    expect(server.asked("typing").at(-1).typing).toBe(false);
    alice.room.typed("again");
    alice.room.typed("");
    expect(server.asked("typing").slice(-2).map(({ typing: on }) => on)).toEqual([true, false]);
    alice.room.typed("sent");
    alice.room.send("sent");
    expect(server.asked("typing").at(-1).typing).toBe(false);
  });

  test("come, go, and read", async () => {
    await enters();
    server.tell("presence", { room: "general", joined: [BOB], left: [], online_count: 2 });
    expect(alice.room.online.value.map(({ name }) => name)).toEqual(["Alice", "Bob"]);
    server.tell("presence", { room: "general", joined: [], left: [BOB], online_count: 1 });
    expect([alice.room.online.value.length, alice.room.onlineCount.value]).toEqual([1, 1]);
    server.tell("read", { room: "general", reads: { bob: 4 } });
    server.tell("read", { room: "general", reads: { bob: 3 } });
    expect(alice.room.reads.value.get("bob")).toBe(4);
  });
});

describe("my acts on messages", () => {
  test("show their result, or reject with the code", async () => {
    await enters();
    server.post(ALICE, "tpyo");
    const quoting = server.post(BOB, "what?", { reply_to: { id: "1-1", seq: 1, sender: ALICE, excerpt: "tpyo", deleted: false } });
    await alice.room.edit("1-1", "typo");
    expect(alice.texts()).toEqual(["typo", "what?"]);
    expect(alice.room.rowOf(quoting.id)?.message.value.reply_to?.excerpt).toBe("typo");
    let arrive!: () => void;
    server.next("edit", (true_) => {
      const early = structuredClone(true_());
      return new Promise((resolve) => (arrive = () => resolve(early)));
    });
    const editing = alice.room.edit("1-1", "overtaken");
    await alice.room.edit("1-1", "the last word");
    arrive();
    await editing;
    expect(alice.texts()[0]).toBe("the last word");
    server.fail("edit", { code: "forbidden", message: "not yours" });
    await expect(alice.room.edit("1-2", "mine")).rejects.toMatchObject({ code: "forbidden" });
    expect(alice.texts()[1]).toBe("what?");
  });
});
