import { signal } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import type { Message, Row } from "../../src/core/api";
import { facesOf, lastAtOrBelow, readersOf } from "../../src/ui/message/readers";
import { ItemMaker } from "../../src/ui/timeline/items";
import { lineAmong, unreadAfter } from "../../src/ui/timeline/unread";
import { message } from "./make";

const row = (change: Partial<Message> = {}): Row => {
  const made = message(change);
  return { key: made.client_id!, message: signal(made), text: signal(made.body), tool: signal(null), wasRunning: false, delivery: signal({ state: "sent" }) };
};
const arrival = () => row({ type: "system", params: { kind: "joined" } });

describe("the items of the list", () => {
  it("are the same objects as long as they look the same", () => {
    const maker = new ItemMaker();
    const rows = [row(), row(), row()];
    const before = maker.items(rows, null);
    const after = maker.items([...rows, row()], null);
    expect(after.slice(0, 3)).toEqual(before);
    before.forEach((item, index) => expect(after[index]).toBe(item));
  });

  it("draw the former first one again when older ones come before it", () => {
    const maker = new ItemMaker();
    const rows = [row(), row()];
    const [first, second] = maker.items(rows, null);
    const after = maker.items([row(), ...rows], null);
    expect(after[1]).not.toBe(first);
    expect(after[1]!.first).toBe(false);
    expect(after[2]).toBe(second);
  });

  it("have the New line above the first row after the cursor, and a group begins there", () => {
    const rows = [row({ seq: 4 }), row({ seq: 5 }), row({ seq: 6 })];
    const items = new ItemMaker().items(rows, 4);
    expect(items.map((item) => [item.line, item.first])).toEqual([[false, true], [true, true], [false, false]]);
    expect(new ItemMaker().items(rows, null).some((item) => item.line)).toBe(false);
  });

  it("tell arrivals in a row as one line", () => {
    const rows = [arrival(), arrival(), arrival(), row(), arrival()];
    const items = new ItemMaker().items(rows, null);
    expect(items.map((item) => item.folded.length)).toEqual([2, 0, 0]);
    expect(items[0]!.key).toBe(rows[0]!.key);
  });
});

describe("the New line", () => {
  it("waits for its place while older unread messages are not loaded", () => {
    const rows = [row({ seq: 50 })];
    expect(lineAmong(rows, 20, true)).toBe(null);
    expect(lineAmong(rows, 49, true)).toBe(49);
    expect(lineAmong(rows, 20, false)).toBe(20);
    expect(lineAmong(rows, null, true)).toBe(null);
  });
});

describe("the count below", () => {
  it("leaves out what is mine, read, deleted or said by the room", () => {
    const rows = [
      row({ seq: 1 }),
      row({ seq: 2 }),
      row({ seq: 3, sender: { id: "me", name: "나", kind: "person" } }),
      row({ seq: 4, deleted_at: "2026-11-20T05:02:00.000Z" }),
      row({ seq: 5, type: "system" }),
      row({ seq: 6 }),
    ];
    const items = new ItemMaker().items(rows, null);
    expect(unreadAfter(items, 0, 1, "me")).toBe(2);
    expect(unreadAfter(items, 0, 2, "me")).toBe(1);
    expect(unreadAfter(items, 5, 0, "me")).toBe(0);
  });
});

describe("who has read", () => {
  it("shows at most four faces, and never +1", () => {
    expect(facesOf([1, 2, 3, 4])).toEqual({ faces: [1, 2, 3, 4], more: 0 });
    expect(facesOf([1, 2, 3, 4, 5])).toEqual({ faces: [1, 2, 3], more: 2 });
  });

  it("stands under the last message that was read, never under one on its way", () => {
    expect(lastAtOrBelow([3, 5, 9, 0, 0], 8)).toBe(1);
    expect(lastAtOrBelow([3, 5, 9, 0, 0], 99)).toBe(2);
    expect(lastAtOrBelow([3, 5], 2)).toBe(-1);
    expect(lastAtOrBelow([0], 2)).toBe(-1);
  });

  it("counts others alone", () => {
    const reads = new Map([["me", 9], ["a", 9], ["b", 3]]);
    expect(readersOf(reads, 5, "me")).toBe(1);
  });
});
