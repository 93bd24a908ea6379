/**
 * The wire format, version 1. Made from the server's payload types by `make docs`; do not edit.
 *
 * Ids are opaque; times are RFC 3339 UTC with milliseconds; unknown fields and events are to be ignored. A field that
 * may be missing is optional here, one that may be empty is nullable.
 */

export type ErrorCode =
  | "bad_request"
  | "too_long"
  | "unknown_event"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "name_taken"
  | "rate_limited"
  | "overloaded"
  | "unavailable"
  | "internal"
  | "ai_misconfigured"
  | "ai_model_missing"
  | "ai_busy"
  | "ai_quota"
  | "ai_unavailable"
  | "ai_incomplete"
  | "ai_too_long"
  | "budget_exceeded";

export type UserKind = User["kind"];
export type RunStatus = NonNullable<Message["status"]>;
export type Role = RoomInfo["role"];

/** The answer to every client event. */
export type Ack<T> = ({ ok: true } & T) | { ok: false; error: Error };

/** A numbered event: `prev` is the number at which the room's stream stood before it. */
export type Numbered<T> = T & { prev: number };
export type MessageEvent = Numbered<Message>;

/** What every refusal says. `retry_after` in seconds; `request_id` finds it in the server's log; `budget`, of `budget_exceeded`: whose is used up. */
export interface Error {
  code: ErrorCode;
  message: string;
  retry_after?: number;
  request_id?: string;
  budget?: "assistant" | "person" | "room";
}

/** A room as its member sees it. `seq` is its last number, `retention` is forever, live or a number of days. `not_for_ai`, where it is true: what this member posts there is marked as not for AI. */
export interface RoomInfo {
  slug: string;
  name: string;
  kind: "direct" | "private" | "public";
  epoch: string;
  seq: number;
  retention: "forever" | "live" | number;
  role: "member" | "moderator" | "owner" | "readonly";
  members_count: number;
  not_for_ai?: boolean;
}

/** Somebody who writes: a person with an account, a guest, an assistant, or the system. */
export interface User {
  id: string;
  name: string;
  kind: "assistant" | "guest" | "person" | "system";
  avatar?: string;
}

/** Where a body names somebody; `start` and `length` count code points. */
export interface MentionSpan {
  user_id: string;
  start: number;
  length: number;
}

/** A file with a message; `size` in bytes, `width` and `height` in pixels. */
export interface UploadInfo {
  id: string;
  name: string;
  type: string;
  size: number;
  width?: number;
  height?: number;
}

/** One emoji under a message; `users` names the first 20. */
export interface ReactionCount {
  emoji: string;
  count: number;
  users: string[];
}

/** The message that this one answers, short enough to show above it. */
export interface ReplyTo {
  id: string;
  seq: number;
  sender: User;
  excerpt: string;
  deleted: boolean;
}

/** How an assistant's answer came about. `attempt` counts its tries, `versions` its texts so far, `position` its place in the queue from 1 while queued. `error` is why it failed or was cut, `retry_after` after how many seconds it may go better, where that is known. */
export interface RunInfo {
  attempt: number;
  asker: User;
  versions: number;
  position?: number;
  stopped_by?: User;
  error?: ErrorCode;
  retry_after?: number;
}

/** A message in its current state. `seq` is its place in the room, `changed_seq` the number of its latest change. A deleted message has an empty body. `not_for_ai`, where it is true: no assistant is shown this message. */
export interface Message {
  id: string;
  room: string;
  seq: number;
  changed_seq: number;
  client_id: string | null;
  sender: User;
  type: "system" | "text";
  body: string;
  mentions: MentionSpan[];
  created_at: string;
  edited_at: string | null;
  deleted_at: string | null;
  uploads: UploadInfo[];
  reactions: ReactionCount[];
  params?: Record<string, unknown>;
  reply_to?: ReplyTo;
  status?: "done" | "failed" | "interrupted" | "queued" | "stopped" | "streaming" | "thinking";
  run?: RunInfo;
  not_for_ai?: boolean;
}

/** An answer being written: its text as of this ack; later deltas continue it. `tool`: it uses that one now. */
export interface LiveRun {
  message_id: string;
  attempt: number;
  text: string;
  tool?: string;
}

/** `messages`: the latest 50, or all changed after `since`; `reads` only in rooms of up to 200 members. */
export interface JoinReply {
  room: RoomInfo;
  messages: Message[];
  more: boolean;
  online: User[];
  online_count: number;
  read_seq: number;
  unread: number;
  mentions: number;
  runs: LiveRun[];
  refetch?: boolean;
  reads?: Record<string, number>;
}

/** The message as stored; `duplicate`: this client_id had been stored before. */
export interface PostReply {
  message: Message;
  duplicate: boolean;
}

/** The cursor after the move, and what is unread behind it (100 means more than 99). */
export interface ReadReply {
  seq: number;
  unread: number;
}

/** A page of messages, oldest first; `more`: there are others beyond it in the direction asked for. */
export interface HistoryReply {
  messages: Message[];
  more: boolean;
}

/** All that changed, each message once, in the order of changed_seq; `refetch`: join afresh instead. `room` as of the same number: a client that moves past numbers must not miss a new name or role. */
export interface SyncReply {
  room: RoomInfo;
  messages: Message[];
  seq: number;
  runs: LiveRun[];
  refetch?: boolean;
}

/** The message after the change. */
export interface MessageReply {
  message: Message;
}

/** One's switch in this room as it is now. */
export interface AiPrivacyReply {
  not_for_ai: boolean;
}

/** What the server accepts: code points, bytes, and seconds between pings. */
export interface Limits {
  body: number;
  frame: number;
  page: number;
  ping_interval: number;
  ping_timeout: number;
}

/** The greeting, once connected. */
export interface Hello {
  user: User;
  protocol: number;
  server_time: string;
  limits: Limits;
  features: string[];
}

/** More text of an answer being written; `offset` counts code points from its beginning. */
export interface DeltaEvent {
  room: string;
  message_id: string;
  attempt: number;
  offset: number;
  text: string;
}

/** An answer being written uses a tool: true until its text goes on, or it ends. */
export interface ToolUseEvent {
  room: string;
  message_id: string;
  attempt: number;
  tool: string;
}

/** To the person alone: no assistant will answer this message of theirs, and why. */
export interface Refused {
  room: string;
  message_id: string;
  error: Error;
}

/** To the asker alone: may the assistant do this in one's name? Answered by `tool_answer`, until `expires_at`. */
export interface ToolRequest {
  id: string;
  room: string;
  message_id: string;
  assistant: User;
  tool: string;
  arguments: Record<string, unknown>;
  expires_at: string;
}

/** To the asker alone: a `tool_request` needs no answer any more. */
export interface ToolSettled {
  id: string;
  room: string;
  state: "approved" | "expired" | "refused";
}

/** Somebody types, or stopped. Expires 3 s after the last one. */
export interface TypingEvent {
  room: string;
  user: User;
  typing: boolean;
}

/** Read cursors that moved, at most one event a second a room. */
export interface ReadEvent {
  room: string;
  reads: Record<string, number>;
}

/** Who came and went, at most one event a second a room. */
export interface PresenceEvent {
  room: string;
  joined: User[];
  left: User[];
  online_count: number;
}

/** A numbered change that is not a message's. */
export interface RoomEvent {
  room: string;
  seq: number;
  kind: "assistants" | "member" | "role" | "room";
  by: User | null;
  /** room: its new name */
  name?: string;
  /** role, member: whose */
  user?: User;
  /** the new role; null: no longer a member */
  role?: "member" | "moderator" | "owner" | "readonly" | null;
  /** member, out: why, if not just removed or gone */
  reason?: "banned";
}

/** To a person: something moved in a room that this connection has not joined. */
export interface RoomChanged {
  room: string;
  unread: number;
  mentions: number;
  name?: string;
  kind?: "direct" | "private" | "public";
  last?: Message;
}

/** Somebody's name or picture changed. */
export interface UserChanged {
  user: User;
}

/** This person is no longer a member of the room. */
export interface RemovedEvent {
  room: string;
  reason: "banned" | "deleted" | "left" | "removed";
}

/** The server is about to close the transport; come back after `retry_after` seconds. */
export interface Closing {
  reason: "overloaded" | "restart" | "slow";
  retry_after: number;
}

/** This session was signed out; the connection ends. */
export interface SessionRevoked {
  reason: "banned" | "expired" | "password_changed" | "signed_out";
}

/** Subscribe this connection to a room; with `since` and `epoch`, get exactly what was missed. */
export interface Join {
  room: string;
  since?: number;
  epoch?: string;
}

/** End this connection's subscription; the membership stays. */
export interface Leave {
  room: string;
}

/** Post a message. `client_id` makes it safe to send again; `reply_to` is a message id of the same room. `not_for_ai`: no assistant is ever shown it. */
export interface PostMessage {
  room: string;
  client_id: string;
  body: string;
  reply_to?: string | null;
  uploads?: string[];
  not_for_ai?: boolean;
}

/** Tell the others that one is typing; repeat at least every 3 s while it lasts. */
export interface Typing {
  room: string;
  typing: boolean;
}

/** Move one's read cursor forward to `seq`. */
export interface Read {
  room: string;
  seq: number;
}

/** A page of messages, oldest first: before, after or around a place; the latest without any. */
export interface History {
  room: string;
  before?: number;
  after?: number;
  around?: number;
  limit?: number;
}

/** Ask for all that changed after number `since`. */
export interface Sync {
  room: string;
  since: number;
  epoch: string;
}

/** Replace the text of one's own message. */
export interface Edit {
  message_id: string;
  body: string;
}

/** Delete one's own message, or as moderator anybody's. */
export interface Delete {
  message_id: string;
}

/** Put one's emoji under a message, or take it away. Exactly one emoji; its spellings (U+FE0F) count as one. */
export interface React {
  message_id: string;
  emoji: string;
  on: boolean;
}

/** Stop an assistant's answer, or cancel it while it waits. */
export interface Stop {
  message_id: string;
}

/** Have an assistant answer again, as a new version of the same message. */
export interface Regenerate {
  message_id: string;
}

/** Have an assistant go on with an answer that was cut off or stopped, from its text so far. */
export interface Continue {
  message_id: string;
}

/** Mark a message as not for AI, or take the mark away: its author, or a moderator. */
export interface NotForAi {
  message_id: string;
  on: boolean;
}

/** The answer to `tool_request`: may the assistant do this in one's name? */
export interface ToolAnswer {
  id: string;
  approve: boolean;
}

/** From now on, what one posts in this room is marked as not for AI, or no longer. */
export interface AiPrivacy {
  room: string;
  not_for_ai: boolean;
}

/** Client to server: the payload of each event, and what its ack adds to `ok: true`. */
export interface ClientEvents {
  join: { payload: Join; reply: JoinReply };
  leave: { payload: Leave; reply: object };
  message: { payload: PostMessage; reply: PostReply };
  typing: { payload: Typing; reply: object };
  read: { payload: Read; reply: ReadReply };
  history: { payload: History; reply: HistoryReply };
  sync: { payload: Sync; reply: SyncReply };
  edit: { payload: Edit; reply: MessageReply };
  delete: { payload: Delete; reply: MessageReply };
  react: { payload: React; reply: MessageReply };
  stop: { payload: Stop; reply: MessageReply };
  regenerate: { payload: Regenerate; reply: MessageReply };
  continue: { payload: Continue; reply: MessageReply };
  not_for_ai: { payload: NotForAi; reply: MessageReply };
  tool_answer: { payload: ToolAnswer; reply: object };
  ai_privacy: { payload: AiPrivacy; reply: AiPrivacyReply };
}

/** Server to client. */
export interface ServerEvents {
  /** The greeting, once connected. */
  hello: Hello;
  /** A new message, in its current state. */
  message: Numbered<Message>;
  /** A message that was changed, in its current state. */
  message_changed: Numbered<Message>;
  /** More text of an answer being written. */
  message_delta: DeltaEvent;
  /** What an answer being written uses just now. */
  tool_use: ToolUseEvent;
  /** No assistant will answer one's message. */
  refused: Refused;
  /** An assistant asks for one's approval. */
  tool_request: ToolRequest;
  /** That approval is needed no more. */
  tool_settled: ToolSettled;
  /** Somebody else types, or stopped. */
  typing: TypingEvent;
  /** Read cursors that moved. */
  read: ReadEvent;
  /** Who came and went. */
  presence: PresenceEvent;
  /** A change of the room that is not a message's. */
  room: Numbered<RoomEvent>;
  /** Something moved in a room not joined here. */
  room_changed: RoomChanged;
  /** Somebody's name or picture changed. */
  user_changed: UserChanged;
  /** One is no longer a member of the room. */
  removed: RemovedEvent;
  /** The server is about to close the transport. */
  closing: Closing;
  /** This session was signed out. */
  session_revoked: SessionRevoked;
}
