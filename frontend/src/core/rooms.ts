/** My rooms: the list from the server, then what is told about rooms that are not open, and what open ones show. */
import { signal } from "@preact/signals-core";
import type { RoomSummary } from "./api";
import type { RoomEntry } from "./http_shapes";
import type { Message, RoomChanged } from "./protocol";

type News = Pick<RoomSummary, "unread" | "mentions" | "last" | "room">;

export class RoomList {
  readonly rooms = signal<readonly RoomSummary[] | null>(null);
  readonly #load: () => Promise<{ rooms: RoomEntry[] }>;
  #loading: Promise<void> | null = null;
  /** What open rooms told while the list was on its way: theirs is the newer word. */
  readonly #meanwhile = new Map<string, News>();

  constructor(load: () => Promise<{ rooms: RoomEntry[] }>) {
    this.#load = load;
  }

  /** Loads the list; rejects if it does not load. A call while one is under way joins it. */
  load(): Promise<void> {
    this.#loading ??= this.#load()
      .then(({ rooms }) => {
        const entries = new Map(rooms.map((entry) => [entry.room.slug, entry]));
        for (const [slug, news] of this.#meanwhile) entries.set(slug, news);
        this.rooms.value = sorted([...entries].map(([slug, entry]) => ({ ...entry, slug })));
      })
      .finally(() => {
        this.#loading = null;
        this.#meanwhile.clear();
      });
    return this.#loading;
  }

  /** News of a room that is not open here. One that is not listed yet (an invitation) brings the list anew. */
  changed({ room, unread, mentions, name, last }: RoomChanged): void {
    const known = this.#find(room);
    if (known === undefined) return void this.load().catch(() => undefined);
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
