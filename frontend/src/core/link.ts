/** One attempt at a connection to the namespace /chat, whatever carries it. A new attempt is a new link. */
import { io } from "socket.io-client";
import { CSRF_HEADER } from "./http";
import type { Error as WireError } from "./protocol";

export interface Link {
  /** Only after `up`; the answer may never come. */
  emit(event: string, payload: object, answered: (answer: unknown) => void): void;
  close(): void;
}

export type Transport = "polling" | "websocket";

/** What a link tells. After `refused` or `down` it says nothing more. */
export interface LinkEvents {
  up(transport: Transport): void;
  /** The transport changed under a standing connection. */
  upgraded(transport: Transport): void;
  /** The connection was not made. `error`: what the server said, if it was the server. */
  refused(error: WireError | null): void;
  /** It was lost. `dismissed`: the server ended it on purpose, which it does for a revoked session only. */
  down(dismissed: boolean): void;
  event(name: string, payload: unknown): void;
  /** Anything at all was heard from the server. */
  heard(): void;
}

export type OpenLink = (events: LinkEvents) => Link;

export interface SocketOptions {
  /** Origin of the server; empty: the page's own. */
  readonly base?: string;
  readonly token?: string | null;
}

const OPEN_TIMEOUT_MS = 10_000;

/** Links over socket.io-client with its default transports: polling first, then an upgrade to WebSocket. */
export function socketLinks(options: SocketOptions = {}): OpenLink {
  return (events) => {
    const auth: Record<string, unknown> = { protocol: 1 };
    if (options.token != null) auth["token"] = options.token;
    const socket = io(`${options.base ?? ""}/chat`, {
      auth,
      forceNew: true,
      // Waiting and trying again is ours (connection.ts): it knows closing.retry_after and "try now".
      reconnection: false,
      timeout: OPEN_TIMEOUT_MS,
      // Same-origin polling sends no Origin; this header shows the server that our own script speaks.
      ...(options.token == null ? { extraHeaders: CSRF_HEADER } : {}),
    });
    let over = false;
    const finish = (tell: () => void): void => {
      if (over) return;
      over = true;
      tell();
      socket.disconnect();
    };
    socket.on("connect", () => {
      const engine = socket.io.engine;
      engine.on("packet", () => over || events.heard());
      engine.on("upgrade", () => over || events.upgraded(engine.transport.name as Transport));
      if (!over) events.up(engine.transport.name as Transport);
    });
    socket.on("connect_error", (error: Error & { data?: unknown }) => finish(() => events.refused(wireError(error.data))));
    socket.on("disconnect", (reason) => finish(() => events.down(reason === "io server disconnect")));
    socket.onAny((name: string, payload: unknown) => over || events.event(name, payload));
    return {
      emit: (event, payload, answered) => void socket.emit(event, payload, answered),
      close: () => finish(() => undefined),
    };
  };
}

function wireError(data: unknown): WireError | null {
  if (typeof data !== "object" || data === null || !("code" in data)) return null;
  return data as WireError;
}
