/** What the HTTP API takes and gives, by the names of the server's payload types (docs/openapi.yaml). */
import type { ErrorCode, Message, Role, RoomInfo, RunStatus, User } from "./protocol";

export interface NewRoom {
  slug: string;
  name?: string;
  private?: boolean;
  /** A number: days. */
  retention?: "forever" | "live" | number;
}

/** A new session. A page of ours gets a cookie besides, and need not look at the token. */
export interface SignedIn {
  token: string;
  user: User;
}

/** One of a person's sessions; `current`: the one that asks. */
export interface Device {
  id: string;
  kind: "cookie" | "token";
  label: string;
  created_at: string;
  seen_at: string;
  current: boolean;
}

/** One of a person's rooms; `unread` and `mentions` of 100 mean more than 99. */
export interface RoomEntry {
  room: RoomInfo;
  unread: number;
  mentions: number;
  last: Message | null;
}

export interface Member {
  user: User;
  role: Role;
}

/** An earlier text of a message; `at`: when it was replaced. */
export interface Version {
  version: number;
  body: string;
  at: string;
}

/** What an assistant's answer was made from. `context`: the ids of the messages that it saw, oldest first. */
export interface RunReport {
  message_id: string;
  attempt: number;
  state: RunStatus;
  asker: User;
  question: string;
  model: string | null;
  prompt_version: string | null;
  context: string[];
  prompt_tokens: number | null;
  completion_tokens: number | null;
  queued_at: string;
  first_token_at: string | null;
  ended_at: string | null;
  error: ErrorCode | null;
}
