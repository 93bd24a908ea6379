/** The connection that stays: attempts, waits, time-outs, and who is told of what. */
import { signal } from "@preact/signals-core";
import type { Connection } from "./api";
import type { Awake } from "./awake";
import { retryDelay } from "./backoff";
import { asChatError, ChatError } from "./errors";
import type { Link, LinkEvents, OpenLink } from "./link";
import type { Ack, ClientEvents, Closing, ServerEvents } from "./protocol";

const ATTEMPT_TIMEOUT_MS = 20_000;
const ANSWER_TIMEOUT_MS = 10_000;
/** Only a connection that stood this long makes the next failure a first one: one that is dropped at once must not be hammered. */
const STABLE_MS = 10_000;
/** A socket that was heard within this time before a wake-up needs no proof. */
const FRESH_MS = 2_000;

type EventName = keyof ServerEvents;

/** Sends and hears; what rooms and outbox know of the connection. */
export interface Wire {
  readonly up: boolean;
  /** Resolves to what the ack adds to `ok`; rejects with its error, or `network` if none came within `timeout` ms. */
  emit<E extends keyof ClientEvents>(
    event: E,
    payload: ClientEvents[E]["payload"],
    timeout?: number,
  ): Promise<ClientEvents[E]["reply"]>;
  on<E extends EventName>(event: E, heard: (payload: ServerEvents[E]) => void): () => void;
  /** Calls `came` at each new connection, `went` at each loss, `doubted` when a standing one should be proven. */
  watch(watcher: Watcher): () => void;
  /** Ends a connection that does not answer, and tries again at once. */
  distrust(): void;
}

export interface Watcher {
  came(): void;
  went(): void;
  doubted?(): void;
}

export class ServerConnection implements Wire {
  readonly status;
  readonly #open: OpenLink;
  readonly #awake: Awake;
  readonly #random: () => number;
  readonly #handlers = new Map<string, Set<(payload: never) => void>>();
  readonly #watchers = new Set<Watcher>();
  readonly #waiting = new Set<(error: ChatError) => void>();
  #link: Link | null = null;
  #failures = 0;
  #upSince = 0;
  #heardAt = 0;
  #retryAfter: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unwatch: (() => void) | null = null;

  constructor(open: OpenLink, awake: Awake, random: () => number = Math.random) {
    this.#open = open;
    this.#awake = awake;
    this.#random = random;
    this.status = signal<Connection>({
      state: "offline",
      downSince: null,
      retryAt: null,
      network: awake.network(),
      transport: null,
      ended: null,
    });
  }

  get up(): boolean {
    return this.status.value.state === "connected";
  }

  start(): void {
    if (this.#unwatch !== null) return;
    this.#unwatch = this.#awake.watch({
      wake: () => this.#wake(),
      network: (network) => {
        this.#set({ network });
        if (network) this.#wake();
      },
    });
    this.on("closing", (closing) => this.#closing(closing));
    this.on("session_revoked", () => this.#end("revoked"));
    this.#set({ downSince: Date.now() });
    this.#attempt();
  }

  tryNow(): void {
    if (this.#unwatch !== null && this.#link === null && this.status.value.ended === null) this.#attempt();
  }

  close(): void {
    this.#unwatch?.();
    this.#unwatch = null;
    this.#drop();
    this.#set({ state: "offline", retryAt: null });
  }

  emit<E extends keyof ClientEvents>(
    event: E,
    payload: ClientEvents[E]["payload"],
    timeout = ANSWER_TIMEOUT_MS,
  ): Promise<ClientEvents[E]["reply"]> {
    return new Promise((resolve, reject) => {
      const link = this.#link;
      if (link === null || !this.up) return reject(new ChatError("network", "not connected"));
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(fail);
        done();
      };
      const fail = (error: ChatError): void => settle(() => reject(error));
      const timer = setTimeout(() => fail(new ChatError("network", `${event}: no answer`)), timeout);
      this.#waiting.add(fail);
      link.emit(event, payload, (raw) => {
        const ack = raw as Ack<ClientEvents[E]["reply"]> | undefined;
        if (ack?.ok) settle(() => resolve(ack));
        else fail(ack?.error ? ChatError.from(ack.error) : new ChatError("internal", `${event}: a strange answer`));
      });
    });
  }

  on<E extends EventName>(event: E, heard: (payload: ServerEvents[E]) => void): () => void {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers);
    handlers.add(heard);
    return () => handlers.delete(heard);
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    if (this.up) watcher.came();
    return () => this.#watchers.delete(watcher);
  }

  distrust(): void {
    if (!this.up) return;
    this.#lost();
    this.#attempt();
  }

  #attempt(): void {
    clearTimeout(this.#timer);
    this.#set({ state: "connecting", retryAt: null });
    let link: Link | null = null;
    // An attempt that was given up may still speak.
    const ifCurrent = (act: () => void): void => {
      if (link === null || link === this.#link) act();
    };
    const events: LinkEvents = {
      up: (transport) => ifCurrent(() => this.#came(transport)),
      upgraded: (transport) => ifCurrent(() => this.#set({ transport })),
      refused: (error) =>
        ifCurrent(() => {
          if (error?.code === "unauthenticated") return this.#end("unauthenticated");
          this.#lost();
          this.#wait(error?.retry_after);
        }),
      down: (dismissed) =>
        ifCurrent(() => {
          if (dismissed) return this.#end("revoked");
          this.#lost();
          this.#wait();
        }),
      event: (name, payload) => ifCurrent(() => this.#tell(name, payload)),
      heard: () => (this.#heardAt = Date.now()),
    };
    link = this.#link = this.#open(events);
    this.#timer = setTimeout(() => {
      this.#lost();
      this.#wait();
    }, ATTEMPT_TIMEOUT_MS);
  }

  #came(transport: Connection["transport"]): void {
    clearTimeout(this.#timer);
    this.#upSince = this.#heardAt = Date.now();
    this.#retryAfter = null;
    this.#set({ state: "connected", downSince: null, transport });
    for (const watcher of [...this.#watchers]) watcher.came();
  }

  /** Leaves the link, if there is one, and tells everybody who counted on it. */
  #lost(): void {
    const wasUp = this.up;
    this.#drop();
    this.#failures = wasUp && Date.now() - this.#upSince >= STABLE_MS ? 0 : this.#failures + 1;
    this.#set({ state: "offline", transport: null, downSince: this.status.value.downSince ?? Date.now() });
    if (wasUp) for (const watcher of [...this.#watchers]) watcher.went();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    const link = this.#link;
    this.#link = null;
    link?.close();
    const error = new ChatError("network", "connection lost");
    for (const fail of [...this.#waiting]) fail(error);
  }

  #wait(retryAfter: number | null = this.#retryAfter): void {
    this.#retryAfter = null;
    const backoff = retryDelay(this.#failures, this.#random);
    // What the server asks for is spread by the server already.
    const delay = retryAfter !== null && retryAfter > 0 ? Math.max(retryAfter * 1000, this.#failures > 0 ? backoff : 0) : backoff;
    this.#set({ retryAt: Date.now() + delay });
    this.#timer = setTimeout(() => this.#attempt(), delay);
  }

  #wake(): void {
    if (this.status.value.ended !== null) return;
    if (this.#link === null) this.#attempt();
    else if (this.up && Date.now() - this.#heardAt > FRESH_MS) for (const watcher of [...this.#watchers]) watcher.doubted?.();
  }

  #closing(closing: Closing): void {
    this.#retryAfter = closing.retry_after ?? null;
  }

  #end(ended: "revoked" | "unauthenticated"): void {
    this.#lost();
    this.#set({ ended });
  }

  #tell(name: string, payload: unknown): void {
    for (const heard of [...(this.#handlers.get(name) ?? [])]) {
      // One handler's fault must not keep the event from the others.
      try {
        heard(payload as never);
      } catch (thrown) {
        console.error(name, asChatError(thrown));
      }
    }
  }

  #set(change: Partial<Connection>): void {
    this.status.value = { ...this.status.value, ...change };
  }
}
