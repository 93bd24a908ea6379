/** Typed calls of /api/v1, for a browser's cookie session or a bearer token. */
import { asChatError, ChatError } from "./errors";
import type { Device, Member, NewRoom, RoomEntry, RunReport, SignedIn, Version } from "./http_shapes";
import type { Error as WireError, HistoryReply, Message, Role, RoomInfo, User } from "./protocol";

/** Tells the server that a request with a cookie was made by our script: other sites cannot set it. */
export const CSRF_HEADER = { "X-Chatapp-Csrf": "1" } as const;

const TIMEOUT_MS = 15_000;

export type PageQuery = { before?: number; after?: number; around?: number; limit?: number };

export interface HttpOptions {
  /** Origin of the server; empty: the page's own. */
  readonly base?: string;
  /** Without it the browser's session cookie speaks for us. */
  readonly token?: string | null;
  readonly fetch?: typeof fetch;
}

/** Every method resolves to what the contract names or rejects with a ChatError. */
export class Http {
  readonly #base: string;
  readonly #token: string | null;
  readonly #fetch: typeof fetch;

  constructor(options: HttpOptions = {}) {
    this.#base = `${options.base ?? ""}/api/v1`;
    this.#token = options.token ?? null;
    this.#fetch = options.fetch ?? ((...args) => fetch(...args));
  }

  enterAsGuest(name: string): Promise<SignedIn> {
    return this.call("POST", "/guests", { name });
  }

  signUp(name: string, password: string): Promise<SignedIn> {
    return this.call("POST", "/accounts", { name, password });
  }

  signIn(name: string, password: string): Promise<SignedIn> {
    return this.call("POST", "/sessions", { name, password });
  }

  signOut(): Promise<void> {
    return this.call("DELETE", "/sessions/current");
  }

  signOutEverywhere(): Promise<void> {
    return this.call("DELETE", "/sessions");
  }

  sessions(): Promise<{ sessions: Device[] }> {
    return this.call("GET", "/sessions");
  }

  revokeSession(id: string): Promise<void> {
    return this.call("DELETE", `/sessions/${encodeURIComponent(id)}`);
  }

  me(): Promise<{ user: User }> {
    return this.call("GET", "/me");
  }

  rename(name: string): Promise<{ user: User }> {
    return this.call("PATCH", "/me", { name });
  }

  /** All other sessions end. */
  changePassword(old: string, password: string): Promise<void> {
    return this.call("PUT", "/me/password", { old, new: password });
  }

  rooms(): Promise<{ rooms: RoomEntry[] }> {
    return this.call("GET", "/rooms");
  }

  createRoom(room: NewRoom): Promise<{ room: RoomInfo }> {
    return this.call("POST", "/rooms", room);
  }

  room(slug: string): Promise<{ room: RoomInfo }> {
    return this.call("GET", `/rooms/${encodeURIComponent(slug)}`);
  }

  direct(userIds: string[]): Promise<{ room: RoomInfo }> {
    return this.call("POST", "/direct", { user_ids: userIds });
  }

  members(slug: string): Promise<{ members: Member[] }> {
    return this.call("GET", `/rooms/${encodeURIComponent(slug)}/members`);
  }

  /** Brings somebody in, or gives a member another role. */
  setMember(slug: string, userId: string, role: Role = "member"): Promise<{ member: Member }> {
    return this.call("POST", `/rooms/${encodeURIComponent(slug)}/members`, { user_id: userId, role });
  }

  /** Takes somebody out; without `userId` one leaves oneself. */
  removeMember(slug: string, userId?: string): Promise<void> {
    return this.call("DELETE", `/rooms/${encodeURIComponent(slug)}/members`, userId === undefined ? {} : { user_id: userId });
  }

  /** Oldest first. */
  messages(slug: string, query: PageQuery): Promise<HistoryReply> {
    return this.call("GET", `/rooms/${encodeURIComponent(slug)}/messages${search(query)}`);
  }

  post(slug: string, clientId: string, body: string): Promise<Message> {
    return this.call("POST", `/rooms/${encodeURIComponent(slug)}/messages`, { client_id: clientId, body });
  }

  search(q: string, room?: string): Promise<HistoryReply> {
    return this.call("GET", `/search${search({ q, room })}`);
  }

  versions(messageId: string): Promise<{ versions: Version[] }> {
    return this.call("GET", `/messages/${encodeURIComponent(messageId)}/versions`);
  }

  run(messageId: string): Promise<RunReport> {
    return this.call("GET", `/messages/${encodeURIComponent(messageId)}/run`);
  }

  /** For what has a file of its own (http_assistants.ts): its code then comes with the pages that need it. `abort`: instead of the usual time-out. */
  async call<T>(method: string, path: string, body?: object, abort?: AbortSignal): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json", ...CSRF_HEADER };
    if (this.#token !== null) headers["Authorization"] = `Bearer ${this.#token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const request: RequestInit = {
      method,
      headers,
      // A token speaks alone: a cookie that happens to be there must not.
      credentials: this.#token === null ? "same-origin" : "omit",
      signal: abort ?? AbortSignal.timeout(TIMEOUT_MS),
    };
    if (body !== undefined) request.body = JSON.stringify(body);
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(this.#base + path, request);
      text = await response.text();
    } catch (thrown) {
      throw asChatError(thrown);
    }
    if (!response.ok) throw refusal(response, text);
    if (text === "") return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new ChatError("internal", `${method} ${path}: an answer that is not JSON`);
    }
  }
}

function search(query: Record<string, string | number | undefined>): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined) as [string, string | number][];
  if (pairs.length === 0) return "";
  return `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}

function refusal(response: Response, text: string): ChatError {
  try {
    const { error } = JSON.parse(text) as { error: WireError };
    if (typeof error.code === "string") return ChatError.from(error);
  } catch {
    // Not ours: a proxy's page.
  }
  const retryAfter = Number(response.headers.get("Retry-After"));
  const code = response.status === 429 ? "rate_limited" : response.status >= 502 ? "unavailable" : "internal";
  return new ChatError(code, `HTTP ${response.status}`, retryAfter > 0 ? retryAfter : null);
}
