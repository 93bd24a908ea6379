import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { browserEntries, type Entry } from "../../src/core/entries";
import { newClientId } from "../../src/core/ids";
import { draft, memoryShelf, preferences, type Shelf } from "../../src/core/prefs";
import { browserTabs } from "../../src/core/tabs";

afterEach(() => vi.restoreAllMocks());

const entry = (client_id: string, at: number, user_id = "alice"): Entry => ({
  client_id,
  user_id,
  room: "general",
  body: client_id,
  reply_to: null,
  at,
  failed: null,
});

describe("unsent messages", () => {
  test("are there for the next page of the same person, in order", async () => {
    const page = browserEntries();
    await page.put(entry("b", 2));
    await page.put(entry("a", 1));
    await page.put(entry("theirs", 0, "bob"));
    await page.put({ ...entry("b", 3), failed: { code: "forbidden", retryAfter: null } });
    const next = browserEntries();
    expect((await next.all("alice")).map(({ client_id, at }) => [client_id, at])).toEqual([["a", 1], ["b", 3]]);
    await next.remove("a");
    await next.remove("b");
    expect(await page.all("alice")).toEqual([]);
  });

  test("are kept in memory where there is no room on the disk, or no database", async () => {
    const full = browserEntries();
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    await full.put(entry("a", 1));
    expect(await full.all("alice")).toHaveLength(1);
    vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw new DOMException("private window", "SecurityError");
    });
    const none = browserEntries();
    await none.put(entry("a", 1));
    await none.put(entry("b", 2));
    await none.remove("a");
    expect(await none.all("alice")).toEqual([entry("b", 2)]);
  });

  test("are as they were put last, whichever of the two took it", async () => {
    const failed = { ...entry("a", 1), failed: { code: "forbidden", retryAfter: null } } as const;
    const page = browserEntries();
    await page.put(entry("a", 1));
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    await page.put(failed);
    expect(await page.all("alice")).toEqual([failed]);
    vi.restoreAllMocks();
    const again = entry("a", 9);
    await page.put(again);
    expect(await page.all("alice")).toEqual([again]);
    await page.remove("a");
    expect(await page.all("alice")).toEqual([]);
  });
});

describe("choices and drafts", () => {
  let shelf: Shelf;
  beforeEach(() => (shelf = memoryShelf()));

  test("survive the page; nonsense does not", () => {
    const first = preferences(shelf);
    expect([first.theme.value, first.language.value, first.enter.value, first.stablePage.value]).toEqual(["system", null, "send", false]);
    first.theme.value = "dark";
    first.language.value = "ko";
    first.stablePage.value = true;
    shelf.setItem("chatapp:pref:enter", "explode");
    const second = preferences(shelf);
    expect([second.theme.value, second.language.value, second.enter.value, second.stablePage.value]).toEqual(["dark", "ko", "send", true]);
  });

  test("a draft is of one room and one person, and is not kept in rooms that forget", () => {
    draft(shelf, "alice", "general", () => true).save("half a thou");
    expect(draft(shelf, "alice", "general", () => true).load()).toBe("half a thou");
    expect(draft(shelf, "bob", "general", () => true).load()).toBe("");
    expect(draft(shelf, "alice", "lobby", () => true).load()).toBe("");
    const live = draft(shelf, "alice", "live", () => false);
    live.save("gone");
    expect([live.load(), shelf.getItem("chatapp:draft:alice:live")]).toEqual(["", null]);
  });

  test("a full disk stops nobody from typing", () => {
    const full = { ...memoryShelf(), setItem: () => { throw new DOMException("full", "QuotaExceededError"); } };
    expect(() => draft(full, "alice", "general", () => true).save("text")).not.toThrow();
  });
});

describe("tabs of a browser", () => {
  test("hear each other", async () => {
    const [one, two] = [browserTabs("news"), browserTabs("news")];
    const heard = new Promise((resolve) => two.hear(resolve));
    one.tell({ kind: "put" });
    expect(await heard).toEqual({ kind: "put" });
    one.close();
    two.close();
  });

  test("take turns where there are locks", async () => {
    // The locks of a browser, as far as tabs use them.
    let free: Promise<unknown> = Promise.resolve();
    vi.stubGlobal("navigator", { locks: { request: (_: string, __: object, task: () => Promise<void>) => (free = free.then(task)) } });
    const tab = browserTabs("turns");
    const order: string[] = [];
    let finish!: () => void;
    const first = tab.alone("room", async () => {
      order.push("first in");
      await new Promise<void>((resolve) => (finish = resolve));
      order.push("first out");
    });
    const second = tab.alone("room", async () => void order.push("second"));
    await vi.waitFor(() => expect(order).toEqual(["first in"]));
    finish();
    await Promise.all([first, second]);
    expect(order).toEqual(["first in", "first out", "second"]);
    tab.close();
    vi.unstubAllGlobals();
  });

  test("do not wait for ever for one that sleeps, and go on where there are no locks", async () => {
    vi.stubGlobal("navigator", { locks: { request: async () => { throw new DOMException("waited too long", "TimeoutError"); } } });
    let ran = 0;
    await browserTabs("asleep").alone("room", async () => void ran++);
    vi.stubGlobal("navigator", {});
    await browserTabs("none").alone("room", async () => void ran++);
    vi.unstubAllGlobals();
    expect(ran).toBe(2);
  });
});

test("client_ids are what the server takes, begin with the time, and are all unlike", () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 0x019ab3c4d5e6 });
  const ids = new Set(Array.from({ length: 100 }, newClientId));
  expect(ids.size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^019ab3c4-d5e6-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  vi.setSystemTime(0x019ab3c4d5e7);
  expect(newClientId() > [...ids].sort().at(-1)!).toBe(true);
  vi.useRealTimers();
});
