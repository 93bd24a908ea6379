import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ChatError } from "../../src/core/errors";
import type { RoomEntry } from "../../src/core/http_shapes";
import type { RoomInfo } from "../../src/core/protocol";
import { RoomList } from "../../src/core/rooms";
import { enter, pass, stopClock } from "./support/client";
import { BOB, FakeServer } from "./support/server";

const server = new FakeServer();
const entry = (slug: string, body: string | null): RoomEntry => ({
  room: { ...server.room, slug, name: slug } satisfies RoomInfo,
  unread: 0,
  mentions: 0,
  last: body === null ? null : server.post(BOB, body),
});
const slugs = (list: RoomList) => list.rooms.value?.map(({ slug }) => slug);

describe("the list of rooms", () => {
  test("has the newest message first, and rooms without any last", async () => {
    const list = new RoomList(async () => ({ rooms: [entry("b", null), entry("old", "1"), entry("a", null), entry("new", "2")] }));
    expect(list.rooms.value).toBe(null);
    await list.load();
    expect(slugs(list)).toEqual(["new", "old", "a", "b"]);
    list.changed({ room: "old", unread: 3, mentions: 1, last: server.post(BOB, "3") });
    expect(list.rooms.value?.[0]).toMatchObject({ slug: "old", unread: 3, mentions: 1, last: { body: "3" } });
    list.changed({ room: "old", unread: 0, mentions: 0, name: "Old hands" });
    expect(list.rooms.value?.[0]).toMatchObject({ unread: 0, last: { body: "3" }, room: { name: "Old hands" } });
    list.remove("old");
    expect(slugs(list)).toEqual(["new", "a", "b"]);
  });

  test("is loaded again for a room that is not in it", async () => {
    const rooms = [entry("a", "1")];
    const list = new RoomList(async () => ({ rooms: [...rooms] }));
    await list.load();
    rooms.push(entry("invited", "2"));
    list.changed({ room: "invited", unread: 1, mentions: 0 });
    await list.load();
    expect(slugs(list)).toEqual(["invited", "a"]);
  });

  test("takes an open room's word, also over a list that was on its way", async () => {
    let arrive!: (answer: { rooms: RoomEntry[] }) => void;
    const list = new RoomList(() => new Promise((resolve) => (arrive = resolve)));
    const loading = list.load();
    const stale = entry("open", "1");
    list.update("open", { ...stale, unread: 7 });
    list.update("entered", { ...entry("entered", null), unread: 1 });
    arrive({ rooms: [stale] });
    await loading;
    expect(list.rooms.value?.map(({ slug, unread }) => [slug, unread])).toEqual([["open", 7], ["entered", 1]]);
  });
});

describe("the list of rooms, when it does not load at once", () => {
  type Answer = { rooms: RoomEntry[] };
  let asked: { answer: (slugs: string[]) => void; fail: (error: ChatError) => void }[];
  let list: RoomList;

  beforeEach(() => {
    stopClock();
    asked = [];
    list = new RoomList(
      () =>
        new Promise<Answer>((resolve, reject) => {
          asked.push({ answer: (slugs) => resolve({ rooms: slugs.map((slug) => entry(slug, null)) }), fail: reject });
        }),
    );
  });
  afterEach(() => void vi.useRealTimers());

  async function lists(...slugs: string[]): Promise<void> {
    asked.at(-1)!.answer(slugs);
    await pass();
  }
  async function fails(code: ConstructorParameters<typeof ChatError>[0], retryAfter: number | null = null): Promise<void> {
    asked.at(-1)!.fail(new ChatError(code, "no list", retryAfter));
    await pass();
  }

  test("is asked for again while connected, not before the server said, until it is there", async () => {
    list.came();
    await fails("overloaded", 20);
    await pass(19_900);
    expect(asked).toHaveLength(1);
    await pass(200);
    expect(asked).toHaveLength(2);
    await fails("network");
    await pass(4_000);
    expect(asked).toHaveLength(3);
    await lists("a");
    expect(slugs(list)).toEqual(["a"]);
    await pass(120_000);
    expect(asked).toHaveLength(3);
  });

  test("waits longer after each failure", async () => {
    list.came();
    for (let failures = 0; failures < 6; failures++) {
      await fails("unavailable");
      await pass(30_000);
    }
    expect(asked).toHaveLength(7);
    await fails("unavailable");
    await pass(17_900);
    expect(asked).toHaveLength(7);
  });

  test("is not asked for without a connection, nor when asking again is of no use", async () => {
    list.came();
    await fails("unauthenticated");
    await pass(120_000);
    expect(asked).toHaveLength(1);
    list.went();
    list.came();
    await fails("network");
    list.went();
    await pass(120_000);
    expect(asked).toHaveLength(2);
    list.came();
    list.went();
    await fails("network");
    await pass(120_000);
    expect(asked).toHaveLength(3);
  });

  test("is loaded once more, and once only, when asked for while an older one is on its way", async () => {
    list.came();
    list.went();
    list.came();
    list.changed({ room: "invited", unread: 1, mentions: 0 });
    const loaded = vi.fn();
    void list.load().then(loaded);
    await lists("a");
    expect([slugs(list), asked.length]).toEqual([["a"], 2]);
    expect(loaded).not.toHaveBeenCalled();
    await lists("a", "invited");
    expect([slugs(list), asked.length]).toEqual([["a", "invited"], 2]);
    expect(loaded).toHaveBeenCalled();
  });

  test("keeps an invitation whose list failed, and does not hurry for a second one", async () => {
    list.came();
    await lists("a");
    list.changed({ room: "invited", unread: 1, mentions: 0 });
    await fails("rate_limited", 20);
    list.changed({ room: "also", unread: 1, mentions: 0 });
    await pass(19_900);
    expect(asked).toHaveLength(2);
    await pass(200);
    await lists("a", "also", "invited");
    expect([slugs(list), asked.length]).toEqual([["a", "also", "invited"], 3]);
  });

  test("tells who asked for it, and comes at once for somebody who presses the button", async () => {
    list.came();
    const behind = list.load();
    const told = expect(behind).rejects.toThrow("no list");
    await fails("overloaded", 20);
    await told;
    expect(asked).toHaveLength(1);
    void list.load();
    await lists("a");
    await pass(120_000);
    expect([slugs(list), asked.length]).toEqual([["a"], 2]);
  });
});

test("a client has its list after each new connection, though the server was busy", async () => {
  stopClock();
  const server = new FakeServer();
  const busy = { error: { code: "overloaded", message: "busy", retry_after: 5 } };
  let answer = Response.json({ rooms: [entry("before", null)] });
  server.http = () => answer.clone();
  const { client } = enter(server);
  await pass();
  expect(client.rooms.value?.map(({ slug }) => slug)).toContain("before");
  answer = Response.json(busy, { status: 503 });
  server.cut("open");
  client.tryNow();
  await pass();
  answer = Response.json({ rooms: [entry("after", null)] });
  await pass(5_000);
  expect(client.rooms.value?.map(({ slug }) => slug)).toContain("after");
  const http = vi.spyOn(server, "http");
  answer = Response.json(busy, { status: 503 });
  server.cut("open");
  client.tryNow();
  await pass();
  expect(http).toHaveBeenCalledTimes(1);
  client.close();
  await pass(120_000);
  expect(http).toHaveBeenCalledTimes(1);
  vi.useRealTimers();
});
