/** My rooms: the list from the server, then what is told about rooms that are not open, and what open ones show. */
import { signal } from "@preact/signals-core";
import type { RoomSummary } from "./api";
import { retryDelay } from "./backoff";
import { asChatError, type ChatError } from "./errors";
import type { RoomEntry } from "./http_shapes";
import type { Message, RoomChanged } from "./protocol";

type News = Pick<RoomSummary, "unread" | "mentions" | "last" | "room">;

export class RoomList {
  readonly rooms = signal<readonly RoomSummary[] | null>(null);
  readonly #fetch: () => Promise<{ rooms: RoomEntry[] }>;
  #loading: Promise<void> | null = null;
  /** The load behind the one under way, whose answer may be older than the question. */
  #next: Promise<void> | null = null;
  #connected = false;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** What open rooms told while the list was on its way: theirs is the newer word. */
  readonly #meanwhile = new Map<string, News>();

  constructor(fetch: () => Promise<{ rooms: RoomEntry[] }>) {
    this.#fetch = fetch;
  }

  /** What happened between two connections nobody tells. */
  came(): void {
    this.#connected = true;
    this.#renew();
  }

  went(): void {
    this.#connected = false;
    this.#stopWaiting();
  }

  /**
   * Loads the list; rejects if it does not load, which while connected is then tried again by itself. Asked while one is
   * under way it loads once more behind it, for all who ask meanwhile; if that one fails, so has theirs.
   */
  load(): Promise<void> {
    if (this.#loading !== null) return (this.#next ??= this.#loading.finally(() => (this.#next = null)).then(() => this.load()));
    this.#loading = this.#read().finally(() => {
      this.#loading = null;
      this.#meanwhile.clear();
    });
    return this.#loading;
  }

  /** News of a room that is not open here. One that is not listed yet (an invitation) brings the list anew. */
  changed({ room, unread, mentions, name, last }: RoomChanged): void {
    const known = this.#find(room);
    if (known === undefined) return this.#renew();
    const { room: info, last: before } = known;
    this.update(room, { unread, mentions, last: last ?? before, room: name === undefined ? info : { ...info, name } });
  }

  /** What a room shows now; one that was just entered is not listed yet. */
  update(slug: string, news: News): void {
    if (this.#loading !== null) this.#meanwhile.set(slug, news);
    const rooms = this.rooms.peek();
    const known = this.#find(slug);
    if (rooms === null || (known !== undefined && unchanged(known, news))) return;
    this.rooms.value = sorted([...rooms.filter((room) => room !== known), { ...news, slug }]);
  }

  remove(slug: string): void {
    if (this.#find(slug) !== undefined) this.rooms.value = this.rooms.peek()!.filter((room) => room.slug !== slug);
  }

  /** An attempt that is due later brings this too, and must not come sooner for it. */
  #renew(): void {
    if (this.#retry === undefined) void this.load().catch(() => undefined);
  }

  async #read(): Promise<void> {
    this.#stopWaiting();
    try {
      const { rooms } = await this.#fetch();
      const entries = new Map(rooms.map((entry) => [entry.room.slug, entry]));
      for (const [slug, news] of this.#meanwhile) entries.set(slug, news);
      this.rooms.value = sorted([...entries].map(([slug, entry]) => ({ ...entry, slug })));
      this.#failures = 0;
    } catch (thrown) {
      this.#failed(asChatError(thrown));
      throw thrown;
    }
  }

  #failed({ code, retryable, retryAfter }: ChatError): void {
    // Without a connection the next one is what to wait for.
    if (!this.#connected || (!retryable && code !== "internal")) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#renew();
    }, Math.max((retryAfter ?? 0) * 1000, retryDelay(this.#failures++)));
  }

  #stopWaiting(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #find(slug: string): RoomSummary | undefined {
    return this.rooms.peek()?.find((room) => room.slug === slug);
  }
}

function unchanged(known: RoomSummary, news: News): boolean {
  return (Object.keys(news) as (keyof News)[]).every((field) => known[field] === news[field]);
}

/** Rooms with the newest message first; those without any behind, by name. */
function sorted(rooms: RoomSummary[]): RoomSummary[] {
  const time = (last: Message | null): string => last?.created_at ?? "";
  return rooms.sort((a, b) => time(b.last).localeCompare(time(a.last)) || a.room.name.localeCompare(b.room.name));
}
