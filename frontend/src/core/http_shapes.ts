/** What the HTTP API takes and gives, by the names of the server's payload types (docs/openapi.yaml). */
import type { ErrorCode, Message, ReplyTo, Role, RoomInfo, RunStatus, ToolRequest, User } from "./protocol";

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

/**
 * What an assistant's answer was made from. `context`: the ids of the messages that it saw, oldest first; `used`: those
 * among them that can still be seen. `truncated`: the provider counted far fewer tokens than were sent; `left_out`:
 * messages that did not fit. `cost` in millionths of the currency of the price table.
 */
export interface RunReport {
  message_id: string;
  attempt: number;
  state: RunStatus;
  assistant: User;
  asker: User;
  question: string;
  provider: string | null;
  model: string | null;
  prompt_version: string | null;
  context: string[];
  used: ReplyTo[];
  prompt_tokens: number | null;
  completion_tokens: number | null;
  prompt_estimate: number | null;
  cost: number | null;
  queued_at: string;
  first_token_at: string | null;
  first_token_ms: number | null;
  ended_at: string | null;
  error: ErrorCode | null;
  truncated: boolean;
  left_out: number;
  tools: ToolUse[];
}

/** Something an assistant did, or asked to do, for an answer. */
export interface ToolUse {
  tool: string;
  arguments: Record<string, unknown>;
  state: "running" | "pending" | "approved" | "refused" | "expired" | "done" | "failed";
  result: string;
  at: string;
}

/** `room`: whose own it is (slug); null: of the whole installation. Limits of null: the installation's default. */
export interface Assistant {
  id: string;
  name: string;
  avatar: string | null;
  persona: string;
  provider: string;
  model: string | null;
  temperature: number | null;
  tools: boolean;
  room: string | null;
  builtin: boolean;
  demo: boolean;
  tokens_per_day: number | null;
  cost_per_day: number | null;
}

export type Speaks = "mentioned" | "always" | "never";
export type Turns = "mentioned" | "always" | "round_robin";

export interface RoomAssistant {
  assistant: Assistant;
  speaks: Speaks;
  queued: number;
  busy: boolean;
}

/** Whom an installation can ask. Names only: keys and addresses stay on the server. */
export interface Provider {
  name: string;
  model: string | null;
  demo: boolean;
  tools: boolean;
  window: number;
}

/** One thing that was found of a provider: `code` stands for a sentence, `params` for what is filled in there. */
export interface Finding {
  mark: "ok" | "note" | "wrong";
  code: string;
  params: Record<string, string | number>;
}

/** `may_edit`: the room's own assistants, its turns, who speaks when; `may_edit_all`: also those of the installation. */
export interface RoomAssistants {
  turns: Turns;
  assistants: RoomAssistant[];
  available: Assistant[];
  providers: Provider[];
  may_edit: boolean;
  may_edit_all: boolean;
  tokens_per_day: number | null;
  cost_per_day: number | null;
}

export interface AssistantFields {
  name: string;
  avatar?: string | null;
  persona?: string;
  provider?: string;
  model?: string | null;
  temperature?: number | null;
  tools?: boolean;
  tokens_per_day?: number | null;
  cost_per_day?: number | null;
}

export interface RoomAssistantsChange {
  turns?: Turns;
  tokens_per_day?: number | null;
  cost_per_day?: number | null;
}

/** What was used today and how much there is; a limit of null: none. */
export interface Budget {
  scope: "person" | "room" | "assistant";
  user?: User;
  tokens_used: number;
  tokens_limit: number | null;
  cost_used: number;
  cost_limit: number | null;
}

export interface Budgets {
  resets_at: string;
  budgets: Budget[];
}

/** What assistants ask to be allowed, and still wait for. */
export interface ToolRequests {
  requests: ToolRequest[];
}

/** What happened in a room since a number, told to one person. `messages`: how many were looked at; `more`: older ones did not fit. */
export interface CatchUp {
  since: number;
  until: number;
  points: { text: string; messages: ReplyTo[] }[];
  messages: number;
  more: boolean;
}
