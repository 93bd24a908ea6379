import { describe, expect, test } from "vitest";
import type { RoomEntry } from "../../src/core/http_shapes";
import type { RoomInfo } from "../../src/core/protocol";
import { RoomList } from "../../src/core/rooms";
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
