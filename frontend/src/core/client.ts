/** The whole client: one connection, one outbox, the rooms that are open. */
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Boot, ChatClient, Preferences, RoomStore } from "./api";
import { type Awake, browserAwake } from "./awake";
import { ServerConnection } from "./connection";
import { browserEntries, type EntryStore, memoryEntries } from "./entries";
import { Http } from "./http";
import { type OpenLink, socketLinks } from "./link";
import { Outbox } from "./outbox";
import { People } from "./people";
import { browserShelf, preferences, type Shelf, wipeDrafts } from "./prefs";
import type { Hello, User } from "./protocol";
import { RoomModel, type RoomEvents } from "./room";
import { RoomList } from "./rooms";
import { browserTabs, type Tabs } from "./tabs";

/** What a client runs on. Tests and other hosts than a browser bring their own parts. */
export interface Host {
  readonly http: Http;
  readonly openLink: OpenLink;
  readonly awake: Awake;
  readonly shelf: Shelf;
  readonly entries: EntryStore;
  readonly tabs: Tabs;
}

export function browserHost(userId: string | null): Host {
  return {
    http: new Http(),
    openLink: socketLinks(),
    awake: browserAwake,
    shelf: browserShelf(),
    entries: "indexedDB" in globalThis ? browserEntries() : memoryEntries(),
    tabs: browserTabs(`chatapp:${userId ?? ""}`),
  };
}

const ROOM_EVENTS: readonly (keyof RoomEvents)[] = [
  "message",
  "message_changed",
  "message_delta",
  "tool_use",
  "room",
  "typing",
  "read",
  "presence",
  "refused",
  "tool_request",
  "tool_settled",
  "removed",
];

export function createClient(boot: Boot, host: Host = browserHost(boot.user?.id ?? null)): ChatClient {
  return new Client(boot, host);
}

interface Open {
  readonly room: RoomModel;
  readonly stop: () => void;
}

class Client implements ChatClient {
  readonly me;
  readonly hello = signal<Hello | null>(null);
  readonly unsent: ReadonlySignal<number>;
  readonly prefs: Preferences;
  readonly #host: Host;
  readonly #wire: ServerConnection;
  readonly #people = new People();
  readonly #list: RoomList;
  readonly #outbox: Outbox | null;
  readonly #user: User | null;
  readonly #open = new Map<string, Open>();
  #start: Boot["room"];
  /** How far the server's clock is ahead of this device's, in ms. */
  #ahead = 0;

  constructor(boot: Boot, host: Host) {
    this.#host = host;
    this.#user = boot.user;
    this.#start = boot.room;
    this.me = signal(boot.user);
    this.prefs = preferences(host.shelf);
    this.#wire = new ServerConnection(host.openLink, host.awake);
    this.#list = new RoomList(() => host.http.rooms());
    this.#outbox = boot.user && new Outbox(boot.user.id, this.#wire, host.entries, host.tabs);
    this.unsent = this.#outbox?.unsent ?? computed(() => 0);
    if (boot.user !== null) this.#people.learn(boot.user);
    this.#listen();
  }

  get connection() {
    return this.#wire.status;
  }
  get rooms() {
    return this.#list.rooms;
  }
  get http() {
    return this.#host.http;
  }

  start(): void {
    this.#wire.start();
  }

  tryNow(): void {
    this.#wire.tryNow();
  }

  room(slug: string): RoomStore {
    const open = this.#open.get(slug);
    if (open !== undefined) return open.room;
    if (this.#user === null || this.#outbox === null) throw new Error("nobody is signed in");
    const start = this.#start?.room.slug === slug ? this.#start : null;
    this.#start = undefined;
    const { shelf, http } = this.#host;
    const room = new RoomModel(
      slug,
      {
        me: this.#user,
        wire: this.#wire,
        outbox: this.#outbox,
        people: this.#people,
        shelf,
        fetchPage: (name, query) => http.messages(name, query),
      },
      start,
    );
    this.#open.set(slug, { room, stop: effect(() => this.#summarize(room)) });
    return room;
  }

  leave(slug: string): void {
    const open = this.#open.get(slug);
    if (open === undefined) return;
    this.#open.delete(slug);
    open.stop();
    open.room.close();
  }

  loadRooms(): Promise<void> {
    return this.#list.load();
  }

  person(userId: string): ReadonlySignal<User | null> {
    return this.#people.get(userId);
  }

  now(): number {
    return Date.now() + this.#ahead;
  }

  async signOut(): Promise<void> {
    await this.http.signOut();
    this.close();
    await this.#outbox?.wipe();
    if (this.#user !== null) wipeDrafts(this.#host.shelf, this.#user.id);
    this.me.value = null;
  }

  close(): void {
    for (const slug of [...this.#open.keys()]) this.leave(slug);
    this.#wire.close();
    this.#list.went();
    this.#outbox?.close();
  }

  #listen(): void {
    const wire = this.#wire;
    wire.on("hello", (hello) => {
      this.hello.value = hello;
      this.#ahead = Date.parse(hello.server_time) - Date.now();
      this.#learn(hello.user);
    });
    wire.on("user_changed", ({ user }) => this.#learn(user));
    wire.on("room_changed", (news) => this.#list.changed(news));
    wire.on("removed", ({ room }) => this.#list.remove(room));
    for (const name of ROOM_EVENTS) {
      wire.on(name, (payload) => batch(() => this.#open.get(payload.room)?.room.heard(name, payload)));
    }
    wire.watch(this.#list);
  }

  #learn(user: User): void {
    this.#people.learn(user);
    if (this.me.peek()?.id === user.id) this.me.value = user;
  }

  /** An open room speaks for itself in the list. */
  #summarize(room: RoomModel): void {
    const { status, info, unread, mentions, last } = room;
    if (status.value !== "ready" || info.value === null) return;
    this.#list.update(room.slug, { room: info.value, unread: unread.value, mentions: mentions.value, last: last.value });
  }
}
