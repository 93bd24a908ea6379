/**
 * What the interface (src/ui) may know of the client: state as signals, acts as methods. No DOM in here.
 *
 * `createClient(boot)` of ./index returns a ChatClient. Signals are fine-grained on purpose: a delta of a streaming answer
 * sets one row's `text` and nothing else; `RoomStore.rows` is set only when rows come, go or change places.
 * Acts return at once or a promise; a promise that fails rejects with a ChatError (see errors.ts).
 */
import type { ReadonlySignal, Signal } from "@preact/signals-core";
import type { ChatError, FailureCode } from "./errors";
import type { Http } from "./http";
import type { RoomEntry } from "./http_shapes";
import type { Hello, JoinReply, Message, Role, RoomInfo, ToolRequest, User } from "./protocol";

/** What a page knows before the socket does: read from the page's JSON block, so that the first paint needs no request. */
export interface Boot {
  /** Null on pages for people who are not signed in. */
  readonly user: User | null;
  /** The language of the page, and the token of its forms. */
  readonly lang?: "en" | "ko";
  readonly csrf?: string;
  /** The room of the page with its latest messages, as `join` would answer. */
  readonly room?: Pick<JoinReply, "room" | "messages" | "more" | "read_seq" | "unread"> & Partial<JoinReply>;
}

export interface ChatClient {
  /**
   * Whose page this is; null: nobody's, or they have signed out here. A session that was ended elsewhere leaves it as it
   * is (`connection.value.ended` says so): what stands on the page is still theirs.
   */
  readonly me: ReadonlySignal<User | null>;
  readonly connection: ReadonlySignal<Connection>;
  /** Limits and features of the server; null before the first greeting. */
  readonly hello: ReadonlySignal<Hello | null>;
  /** My rooms, those with news first; null until first loaded. */
  readonly rooms: ReadonlySignal<readonly RoomSummary[] | null>;
  /** How many messages of mine are still on their way, in any room. */
  readonly unsent: ReadonlySignal<number>;
  readonly prefs: Preferences;
  readonly http: Http;

  /** The store of a room, made and joined at first call; the same object until `leave`. */
  room(slug: string): RoomStore;
  /** Ends the subscription of this connection and forgets the store. Membership stays. */
  leave(slug: string): void;
  /** Loads the list of rooms again. It keeps itself up to date; this is for "Try again". */
  loadRooms(): Promise<void>;
  /** A person's current name and picture, wherever they were last seen; null when never seen. */
  person(userId: string): ReadonlySignal<User | null>;

  /** The server's clock, in ms: messages carry its time, and this device's may be wrong. */
  now(): number;

  /** Connects; pages without a signed-in user never call it. */
  start(): void;
  /** Tries to connect now, whatever the wait. */
  tryNow(): void;
  /** Ends this browser's session on the server, then disconnects and wipes what was kept for this person here. */
  signOut(): Promise<void>;
  /** Disconnects and releases everything; the client cannot be used afterwards. */
  close(): void;
}

export interface Connection {
  /** connecting: the first attempt, or one under way · offline: waiting for the next attempt, or no network at all. */
  readonly state: "connecting" | "connected" | "offline";
  /** Since when there has been no connection (ms since the epoch); null while connected. */
  readonly downSince: number | null;
  /** When the next attempt starts (ms since the epoch); null when none is planned or one is under way. */
  readonly retryAt: number | null;
  /** False: the device itself says it has no network. */
  readonly network: boolean;
  readonly transport: "polling" | "websocket" | null;
  /** No more attempts: this session was revoked, or was not accepted. */
  readonly ended: "revoked" | "unauthenticated" | null;
}

export interface RoomSummary extends RoomEntry {
  readonly slug: string;
}

/** Where a list ends: nothing beyond, more beyond, being loaded, or the last attempt to load failed. */
export type Edge = "end" | "more" | "loading" | "failed";

export interface RoomStore {
  readonly slug: string;
  /** loading: nothing to show yet · ready · gone: no such room, or not open to me, or I was removed · failed: did not load, see `problem`. */
  readonly status: ReadonlySignal<"loading" | "ready" | "gone" | "failed">;
  readonly problem: ReadonlySignal<ChatError | null>;
  readonly info: ReadonlySignal<RoomInfo | null>;
  /** The newest message that is known of, deleted ones included. */
  readonly last: ReadonlySignal<Message | null>;
  /** My role here; null until known. */
  readonly role: ReadonlySignal<Role | null>;

  /**
   * The loaded part of the timeline in order: confirmed messages without a hole, then, if it reaches the end, those
   * of mine that wait. A Row object stays the same for the life of its key.
   */
  readonly rows: ReadonlySignal<readonly Row[]>;
  readonly older: ReadonlySignal<Edge>;
  readonly newer: ReadonlySignal<Edge>;
  /** The loaded part reaches the head of the room (`newer` is "end"). */
  readonly atEnd: ReadonlySignal<boolean>;
  /** Set when the loaded part was replaced as a whole (first load, a jump, too long away): the view finds its place anew. */
  readonly generation: ReadonlySignal<number>;
  /** What the last return after an outage brought: how many messages of others, and when (ms). */
  readonly caughtUp: ReadonlySignal<{ readonly at: number; readonly count: number } | null>;

  /** Tries again to open a room that is "failed" or "gone". */
  reload(): void;
  /** Load the next page in a direction; a call while one is under way joins it. Failures stand in `older`, `newer`. */
  loadOlder(): Promise<void>;
  loadNewer(): Promise<void>;
  /** Replaces the loaded part by the surroundings of a place. Resolves to the row there or next to it, null if it did not load. */
  loadAround(seq: number): Promise<Row | null>;
  /** Replaces the loaded part by the head of the room, if it is not loaded, and takes the read cursor there. Rejects if it does not load. */
  jumpToLatest(): Promise<void>;
  /** The loaded row of a place, or of a message. */
  rowAt(seq: number): Row | null;
  rowOf(messageId: string): Row | null;

  /** By message id: messages of mine that no assistant will answer, and why. Only I am told. */
  readonly refusals: ReadonlySignal<ReadonlyMap<string, ChatError>>;

  /** People who are typing now, never me and never assistants; names go by themselves. */
  readonly typing: ReadonlySignal<readonly User[]>;
  /** At most 100 of those who are here; `onlineCount` counts all. */
  readonly online: ReadonlySignal<readonly User[]>;
  readonly onlineCount: ReadonlySignal<number>;
  /** How far each member has read; empty in rooms over 200 members. */
  readonly reads: ReadonlySignal<ReadonlyMap<string, number>>;

  /** Messages after my cursor, not mine, not deleted; 100 means 99+. */
  readonly unread: ReadonlySignal<number>;
  readonly mentions: ReadonlySignal<number>;
  /** My read cursor. */
  readonly readSeq: ReadonlySignal<number>;
  /** The "New" line stands above the first row with a seq above this; null: no line. */
  readonly newLine: ReadonlySignal<number | null>;
  clearNewLine(): void;
  /** Whether this room is in front of a focused window: new messages draw the line only while it is not. */
  setFocused(on: boolean): void;
  /** A row was seen. Moves the cursor there if no unloaded message lies between; sent at most once a second. */
  markRead(seq: number): void;

  /** Puts a message of mine at the end and on its way; returns its key. The row tells what becomes of it. */
  send(body: string, options?: SendOptions): string;
  /** For a failed row: try again with the same client_id, or drop it. */
  retry(key: string): void;
  discard(key: string): void;

  edit(messageId: string, body: string): Promise<void>;
  remove(messageId: string): Promise<void>;
  react(messageId: string, emoji: string, on: boolean): Promise<void>;
  stop(messageId: string): Promise<void>;
  regenerate(messageId: string): Promise<void>;
  /** Has an answer that broke off or was stopped written on from its text. */
  goOn(messageId: string): Promise<void>;

  /** Whether what I post here from now on is kept from assistants. */
  readonly notForAi: ReadonlySignal<boolean>;
  keepFromAi(on: boolean): Promise<void>;
  /** Keeps one message from assistants, or lets them see it again. */
  markNotForAi(messageId: string, on: boolean): Promise<void>;
  /** What assistants ask to do in my name, and wait for my word. */
  readonly toolRequests: ReadonlySignal<readonly ToolRequest[]>;
  /** A request that was heard of otherwise. */
  toolAsked(request: ToolRequest): void;
  answerTool(requestId: string, approve: boolean): Promise<void>;
  /** Grows whenever the room's assistants, or what is known of them, may be others. */
  readonly assistantsChanged: ReadonlySignal<number>;
  /** The answer that ended last while I was here, wherever it stands. */
  readonly answered: ReadonlySignal<Message | null>;

  /** Call at each input with what the composer now holds: tells the others, sparingly, and stops by itself. */
  typed(text: string): void;
  readonly draft: Draft;
}

export interface SendOptions {
  /** The message answered. */
  readonly replyTo?: Message;
  /** No assistant sees this one. */
  readonly notForAi?: boolean;
}

/** The unsent text of one room and one person. Kept over a reload, except in `live` rooms. */
export interface Draft {
  load(): string;
  save(text: string): void;
}

export interface Row {
  /** client_id ?? id: the same before and after the acknowledgement. */
  readonly key: string;
  /**
   * The message in its current state. Of one that is still on its way (`delivery` is not "sent") id is "", seq and
   * changed_seq are 0 and created_at is this device's clock. While an answer streams this is not set for each delta: read `text`.
   */
  readonly message: ReadonlySignal<Message>;
  /** The body; for a streaming answer the text so far. */
  readonly text: ReadonlySignal<string>;
  /** The tool that an answer being written uses just now. */
  readonly tool: ReadonlySignal<string | null>;
  /** Whether it was ever being written while this store was there: how it ended is news. */
  readonly wasRunning: boolean;
  readonly delivery: ReadonlySignal<Delivery>;
}

/** What is true of a message for its sender. */
export type Delivery =
  /** Stored, acknowledged, seen by all. */
  | { readonly state: "sent" }
  /** On its way (or being tried again) since this time, in ms. */
  | { readonly state: "sending"; readonly since: number }
  /** Kept here until there is a connection. `since` as above. */
  | { readonly state: "waiting"; readonly since: number }
  /** Not stored, and not tried again by itself. */
  | { readonly state: "failed"; readonly code: FailureCode; readonly retryAfter: number | null };

/** Choices of this browser; setting a signal keeps it. */
export interface Preferences {
  readonly theme: Signal<"system" | "light" | "dark">;
  /** Null: as the browser prefers. */
  readonly language: Signal<"ko" | "en" | null>;
  /** What Enter does in the composer on a keyboard. */
  readonly enter: Signal<"send" | "break">;
  /** No virtual list: at most 1,000 rows, all in the page. */
  readonly stablePage: Signal<boolean>;
}

export type { ChatError, FailureCode };
export type * from "./http_shapes";
export type * from "./protocol";
