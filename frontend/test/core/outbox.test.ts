import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Delivery } from "../../src/core/api";
import { enter, FakeBrowser, pass, type Person, stopClock } from "./support/client";
import { ALICE, BOB, FakeServer } from "./support/server";

let server: FakeServer;
let browser: FakeBrowser;
const open: Person[] = [];

beforeEach(() => {
  stopClock();
  server = new FakeServer();
  browser = new FakeBrowser();
});
afterEach(() => {
  for (const person of open.splice(0)) person.client.close();
  vi.useRealTimers();
});

async function enters(user = ALICE): Promise<Person> {
  const person = enter(server, browser, { user });
  open.push(person);
  await pass();
  return person;
}

function states(person: Person): Delivery["state"][] {
  return person.room.rows.value.map((row) => row.delivery.value.state);
}

describe("a message of mine", () => {
  test("stands at the end at once and is said to be sent only when the server has it", async () => {
    const alice = await enters();
    let arrive!: () => void;
    server.next("message", (true_) => new Promise((resolve) => (arrive = () => resolve(true_()))));
    const key = alice.room.send("hello");
    const row = alice.room.rows.value[0]!;
    expect([row.key, row.text.value, row.delivery.value.state]).toEqual([key, "hello", "sending"]);
    expect(row.message.value).toMatchObject({ id: "", seq: 0, sender: ALICE });
    await pass();
    server.post(BOB, "meanwhile");
    expect(alice.texts()).toEqual(["meanwhile", "hello"]);
    expect(alice.client.unsent.value).toBe(1);
    arrive();
    await pass();
    expect(alice.room.rows.value[1]).toBe(row);
    expect([row.message.value.id, row.delivery.value.state]).toEqual(["1-2", "sent"]);
    expect(alice.client.unsent.value).toBe(0);
  });

  test("is kept before it is sent", async () => {
    const alice = await enters();
    const order: string[] = [];
    const { put } = browser.entries;
    vi.spyOn(browser.entries, "put").mockImplementation(async (entry) => {
      await pass();
      order.push("kept");
      return put(entry);
    });
    server.next("message", (true_) => {
      order.push("sent");
      return true_();
    });
    alice.room.send("hello");
    await pass();
    expect(order).toEqual(["kept", "sent"]);
  });

  test("goes out in order, one after another", async () => {
    const alice = await enters();
    for (const text of ["1", "2", "3"]) alice.room.send(text);
    await pass();
    expect(server.messages.map(({ body }) => body)).toEqual(["1", "2", "3"]);
    expect(states(alice)).toEqual(["sent", "sent", "sent"]);
  });

  test("carries what it answers", async () => {
    const question = server.post(BOB, "why?");
    const alice = await enters();
    alice.room.send("because", { replyTo: question });
    expect(alice.room.rows.value[1]!.message.value.reply_to).toMatchObject({ id: "1-1", excerpt: "why?" });
    await pass();
    expect(server.asked("message")[0]).toMatchObject({ reply_to: "1-1" });
  });

  test("waits without a connection and goes out with the next one, in order, each once", async () => {
    const alice = await enters();
    server.cut();
    for (const text of ["1", "2", "3"]) alice.room.send(text);
    await pass();
    expect(states(alice)).toEqual(["waiting", "waiting", "waiting"]);
    server.door = "open";
    alice.client.tryNow();
    await pass();
    expect(alice.texts()).toEqual(["1", "2", "3"]);
    expect(states(alice)).toEqual(["sent", "sent", "sent"]);
    expect(server.messages).toHaveLength(3);
  });

  test("survives a reload with the same client_id, and shows once though its ack was lost", async () => {
    const before = await enters();
    server.next("message", (true_) => {
      true_();
      return null;
    });
    // The stream tells it nothing either: the page is gone before.
    vi.spyOn(server, "tell").mockImplementationOnce(() => undefined);
    const key = before.room.send("once");
    await pass();
    before.client.close();
    const after = await enters();
    await pass();
    expect(server.asked("message").map(({ client_id }) => client_id).every((id) => id === key)).toBe(true);
    expect(server.messages).toHaveLength(1);
    expect([after.texts(), states(after)]).toEqual([["once"], ["sent"]]);
    expect(await browser.entries.all("alice")).toEqual([]);
  });

  test("that the stream brings before its ack is sent, once", async () => {
    const alice = await enters();
    server.next("message", (true_) => {
      true_();
      return null;
    });
    alice.room.send("hello");
    await pass();
    expect([alice.texts(), states(alice)]).toEqual([["hello"], ["sent"]]);
    await pass(60_000);
    expect(server.messages).toHaveLength(1);
  });

  test("is tried again when the server is busy, not before it said, and keeps those behind it waiting", async () => {
    const alice = await enters();
    server.fail("message", { code: "overloaded", message: "busy", retry_after: 5 });
    alice.room.send("1");
    alice.room.send("2");
    await pass(4_900);
    expect(server.asked("message")).toHaveLength(1);
    expect(states(alice)).toEqual(["sending", "sending"]);
    await pass(200);
    expect(server.messages.map(({ body }) => body)).toEqual(["1", "2"]);
  });

  test("is tried again when no answer comes, and stored once", async () => {
    const alice = await enters();
    server.next("message", () => null);
    alice.room.send("hello");
    await pass(10_000);
    expect(states(alice)).toEqual(["sending"]);
    await pass(3_000);
    expect(states(alice)).toEqual(["sent"]);
    expect(server.messages).toHaveLength(1);
  });

  test("that is refused fails at once with its code and blocks nothing; it can be sent again or dropped", async () => {
    const alice = await enters();
    server.fail("message", { code: "too_long", message: "4,000 at most" });
    const long = alice.room.send("too long");
    alice.room.send("next");
    await pass();
    expect(alice.texts()).toEqual(["next", "too long"]);
    expect(alice.room.rows.value[1]!.delivery.value).toEqual({ state: "failed", code: "too_long", retryAfter: null });
    expect(alice.client.unsent.value).toBe(0);
    server.fail("message", { code: "forbidden", message: "read only" });
    alice.room.retry(long);
    await pass();
    expect(server.asked("message").filter(({ client_id }) => client_id === long)).toHaveLength(2);
    expect(alice.room.rows.value[1]!.delivery.value).toMatchObject({ state: "failed", code: "forbidden" });
    alice.room.discard(long);
    expect(alice.texts()).toEqual(["next"]);
    await pass();
    expect(await browser.entries.all("alice")).toEqual([]);
  });

  test("that the stream brings while a refusal of its repetition is put down has not failed, nor after a reload", async () => {
    const alice = await enters();
    const put = vi.spyOn(browser.entries, "put");
    let stored!: () => void;
    server.next("message", () => null);
    server.fail("message", { code: "forbidden", message: "read only by now" });
    const key = alice.room.send("once");
    await pass();
    put.mockImplementationOnce(async (entry) => {
      await new Promise<void>((resolve) => (stored = resolve));
      put.mockRestore();
      return browser.entries.put(entry);
    });
    await pass(15_000);
    expect(server.asked("message")).toHaveLength(2);
    server.post(ALICE, "once", { client_id: key });
    await pass();
    stored();
    await pass();
    expect([alice.texts(), states(alice)]).toEqual([["once"], ["sent"]]);
    expect(await browser.entries.all("alice")).toEqual([]);
  });

  test("that failed is still failed after a reload", async () => {
    const before = await enters();
    server.fail("message", { code: "forbidden", message: "read only" });
    before.room.send("no");
    await pass();
    before.client.close();
    const after = await enters();
    expect(states(after)).toEqual(["failed"]);
    expect(server.asked("message")).toHaveLength(1);
  });

  test("is never sent by somebody else who signs in on the same browser", async () => {
    const alice = await enters();
    server.cut();
    alice.room.send("mine");
    await pass();
    alice.client.close();
    server.door = "open";
    const bob = await enters(BOB);
    expect(bob.texts()).toEqual([]);
    expect(server.asked("message")).toEqual([]);
  });

  test("of another's client_id cannot take the place of mine", async () => {
    const alice = await enters();
    server.cut();
    const key = alice.room.send("mine");
    server.post(BOB, "forged", { client_id: key });
    server.next("message", () => null);
    server.door = "open";
    alice.client.tryNow();
    await pass();
    expect(alice.texts()).toEqual(["forged", "mine"]);
    expect(alice.room.rows.value.map((row) => row.key)).toEqual(["1-1", key]);
    expect([alice.room.rows.value[1]!.delivery.value.state, alice.client.unsent.value]).toEqual(["sending", 1]);
  });
});

describe("two tabs", () => {
  test("show each other's messages and send each once", async () => {
    const one = await enters();
    const two = await enters();
    server.cut();
    one.room.send("from one");
    await pass(10);
    two.room.send("from two");
    await pass();
    expect(one.texts()).toEqual(["from one", "from two"]);
    expect(two.texts()).toEqual(["from one", "from two"]);
    server.door = "open";
    one.client.tryNow();
    two.client.tryNow();
    await pass();
    expect(server.asked("message")).toHaveLength(2);
    expect(server.messages.map(({ body }) => body)).toEqual(["from one", "from two"]);
    for (const tab of [one, two]) expect([tab.texts(), states(tab)]).toEqual([["from one", "from two"], ["sent", "sent"]]);
  });

  test("a tab with a connection sends what a tab without one was given", async () => {
    const one = await enters();
    const two = await enters();
    server.cut();
    server.door = "open";
    two.client.tryNow();
    await pass();
    one.room.send("from the cut one");
    await pass();
    expect(server.messages.map(({ body }) => body)).toEqual(["from the cut one"]);
    expect([one.texts(), states(one)]).toEqual([["from the cut one"], ["sent"]]);
  });
});

describe("a tab that was not told of another's message", () => {
  /** One without a connection wrote something; two has a connection, and comes upon it when it sends to that room. */
  async function meet(): Promise<[Person, Person]> {
    const tab = browser.tab();
    vi.spyOn(browser, "tab").mockReturnValueOnce({ ...tab, hear: () => undefined });
    const two = await enters();
    const one = await enters();
    server.cut();
    server.door = "open";
    two.client.tryNow();
    await pass();
    one.room.send("from one");
    await pass(10);
    expect([one.client.unsent.value, two.client.unsent.value, server.messages.length]).toEqual([1, 0, 0]);
    return [one, two];
  }

  test("tells the other that it has sent it", async () => {
    const [one, two] = await meet();
    two.room.send("from two");
    await pass();
    expect([one.texts().includes("from one"), one.client.unsent.value, one.client.connection.value.state]).toEqual([true, 0, "offline"]);
    expect(states(one)).toEqual(["sent", "sent"]);
    expect(server.messages.map(({ body }) => body)).toEqual(["from one", "from two"]);
    expect(await browser.entries.all("alice")).toEqual([]);
  });

  test("keeps it when it is refused, and tells the other", async () => {
    const [one, two] = await meet();
    server.fail("message", { code: "too_long", message: "4,000 at most" });
    two.room.send("from two");
    await pass();
    for (const { room } of [one, two]) {
      const row = room.rows.value.find(({ text }) => text.value === "from one");
      expect(row?.delivery.value).toMatchObject({ state: "failed", code: "too_long" });
    }
    expect(await browser.entries.all("alice")).toMatchObject([{ body: "from one", failed: { code: "too_long" } }]);
  });
});

describe("signing out", () => {
  test("wipes what was kept for this person, and only that", async () => {
    const alice = await enters();
    server.cut();
    alice.room.send("unsent");
    alice.room.draft.save("half a thou");
    browser.shelf.setItem("chatapp:draft:bob:general", "bob's");
    await pass();
    await alice.client.signOut();
    expect(await browser.entries.all("alice")).toEqual([]);
    expect(browser.shelf.getItem("chatapp:draft:alice:general")).toBe(null);
    expect(browser.shelf.getItem("chatapp:draft:bob:general")).toBe("bob's");
    expect(alice.client.me.value).toBe(null);
  });
});
