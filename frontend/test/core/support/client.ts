/** A client on the fake server, with the parts of a browser that it needs in memory. */
import { vi } from "vitest";
import type { Boot, ChatClient, RoomStore } from "../../../src/core/api";
import { type Awake } from "../../../src/core/awake";
import { createClient, type Host } from "../../../src/core/client";
import { type EntryStore, memoryEntries } from "../../../src/core/entries";
import { Http } from "../../../src/core/http";
import { memoryShelf, type Shelf } from "../../../src/core/prefs";
import type { Tabs } from "../../../src/core/tabs";
import type { FakeServer } from "./server";

/** The page's visibility and network, played by the test. */
export class FakeAwake implements Awake {
  on = true;
  #events: Parameters<Awake["watch"]>[0] | null = null;

  network(): boolean {
    return this.on;
  }

  watch(events: Parameters<Awake["watch"]>[0]): () => void {
    this.#events = events;
    return () => (this.#events = null);
  }

  wake(): void {
    this.#events?.wake();
  }

  setNetwork(on: boolean): void {
    this.on = on;
    this.#events?.network(on);
  }
}

/** The tabs of one browser: turns and news between clients of one process. */
export class FakeBrowser {
  readonly entries: EntryStore = memoryEntries();
  readonly shelf: Shelf = memoryShelf();
  readonly #turns = new Map<string, Promise<void>>();
  readonly #hearers = new Map<object, (news: unknown) => void>();

  tab(): Tabs {
    const self = {};
    return {
      alone: (name, task) => {
        const turn = (this.#turns.get(name) ?? Promise.resolve()).then(task);
        this.#turns.set(name, turn.catch(() => undefined));
        return turn;
      },
      tell: (news) => {
        for (const [other, heard] of this.#hearers) if (other !== self) queueMicrotask(() => heard(structuredClone(news)));
      },
      hear: (heard) => void this.#hearers.set(self, heard),
      close: () => void this.#hearers.delete(self),
    };
  }
}

export interface Person {
  readonly client: ChatClient;
  readonly room: RoomStore;
  readonly awake: FakeAwake;
  /** The texts on screen, in order. */
  texts(): string[];
}

export function enter(server: FakeServer, browser = new FakeBrowser(), boot: Boot = { user: server.me }): Person {
  const awake = new FakeAwake();
  const host: Host = {
    http: new Http({ fetch: async () => server.http() }),
    openLink: server.openLink,
    awake,
    shelf: browser.shelf,
    entries: browser.entries,
    tabs: browser.tab(),
  };
  const client = createClient(boot, host);
  const room = client.room("general");
  client.start();
  return { client, room, awake, texts: () => room.rows.value.map((row) => row.text.value) };
}

/** Timers and the date stand still until a test moves them. */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
}

/** Lets everything happen that is due, after `ms` have gone by. */
export async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  // Answers of the fake server and of stores are microtasks away from each other.
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
