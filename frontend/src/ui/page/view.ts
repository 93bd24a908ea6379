/** What a room looks like on this screen: everything that is not the room itself. Kept while one is elsewhere. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import type { ChatClient, Message, RoomStore, Row, User } from "../../core/api";
import { Roster } from "../assistants/roster";
import { receiptsOf } from "../message/readers";
import { keepLeft, leftAt, type Left } from "./left";
import { pathOf } from "./nav";

/** What the timeline on the screen can do for other parts of the page. */
export interface TimelineHandle {
  /** Shows a message at a third of the height, marked; loads it if needed. `from`: where ↩ returns to. */
  show(seq: number, from?: number): Promise<void>;
  /** The head of the room, and stay there. */
  toEnd(): void;
  /** Gives the keyboard to a row; null: the last one that had it, else the newest. */
  focus(key: string | null): void;
}

export type Role = "owner" | "moderator" | "member" | "readonly";

export class RoomView {
  readonly client: ChatClient;
  readonly store: RoomStore;
  readonly roster: Roster;

  /** The message that the composer answers, or the row that it edits. */
  readonly replyTo = signal<Message | null>(null);
  readonly editing = signal<Row | null>(null);
  /** Rows whose change is on its way, since when. */
  readonly saving = signal<ReadonlyMap<Row, number>>(new Map());
  /** Key of the row whose toolbar shows: under the pointer, or with the focus. */
  readonly active = signal<string | null>(null);
  /** Key of the row that a link led to. */
  readonly marked = signal<string | null>(null);
  /** Places to return to after jumping to what a reply answers. */
  readonly trail = signal<readonly number[]>([]);
  /** Whether the next message is kept from assistants. */
  readonly notForAi = signal(false);
  /** Members, once somebody needed them. */
  readonly members = signal<readonly { user: User; role: Role }[]>([]);
  /** Answers that grew before one's eyes: never folded. */
  readonly watched = new Set<string>();
  /** Long messages that were opened. */
  readonly opened = new Set<string>();

  readonly people: ReadonlySignal<readonly User[]>;
  readonly assistants: ReadonlySignal<readonly User[]>;
  /** Row key → ids of those who have read up to it, in rooms of at most 20. */
  readonly receipts: ReadonlySignal<ReadonlyMap<string, readonly string[]>>;
  /** Key of my last message that arrived. */
  readonly lastOwn: ReadonlySignal<string | null>;

  timeline: TimelineHandle | null = null;
  /** Takes the keyboard to the message box. */
  focusComposer: () => void = () => undefined;
  /** Writes somebody's name into the message box. */
  mention: (user: User) => void = () => undefined;

  constructor(client: ChatClient, store: RoomStore) {
    this.client = client;
    this.store = store;
    this.roster = new Roster(client, store);
    this.people = computed(() => {
      const members = this.members.value.map((member) => member.user);
      const assistants = this.roster.users.value;
      const others = assistants ? [...members.filter((user) => user.kind !== "assistant"), ...assistants] : members;
      return known(others, store.online.value, this.me?.id);
    });
    this.assistants = computed(() => this.people.value.filter((user) => user.kind === "assistant"));
    this.lastOwn = computed(() => {
      const me = this.me?.id;
      const mine = store.rows.value.findLast(({ message }) => message.value.id !== "" && message.peek().sender.id === me);
      return mine?.key ?? null;
    });
    this.receipts = computed(() => receiptsOf(store, this.me?.id ?? ""));
  }

  /** Where this person left the room; null: at its end. */
  get left(): Left | null {
    return leftAt(this.me?.id ?? "", this.store.slug);
  }

  set left(left: Left | null) {
    keepLeft(this.me?.id ?? "", this.store.slug, left);
  }

  /** How many belong to the room; first visits take no number of the room, so its own count may lag behind. */
  get size(): number {
    const known = this.people.value.filter((user) => user.kind !== "assistant").length + 1;
    return Math.max(this.store.info.value?.members_count ?? 0, known);
  }

  get me(): User | null {
    return this.client.me.value;
  }

  /** The session was ended elsewhere: one can read on, and do nothing. */
  get signedOut(): boolean {
    return this.client.connection.value.ended !== null;
  }

  /** Where to sign in again so that one comes back to this room; a guest has no account and comes in by name. */
  get wayBack(): string {
    const here = pathOf(this.store.slug);
    return this.me?.kind === "guest" ? here : `/sign-in?next=${encodeURIComponent(here)}`;
  }

  /** Whether this person may delete what others wrote and stop what others asked for. */
  get moderates(): boolean {
    const role = this.store.role.value;
    return !this.signedOut && (role === "owner" || role === "moderator");
  }

  get mayWrite(): boolean {
    return !this.signedOut && this.store.role.value !== "readonly";
  }

  async loadMembers(): Promise<void> {
    const { members } = await this.client.http.members(this.store.slug);
    this.members.value = members;
  }
}

/** Members and those who are here, once each, without me. */
function known(members: readonly User[], online: readonly User[], me: string | undefined): User[] {
  const byId = new Map<string, User>();
  for (const user of [...members, ...online]) {
    if (user.id !== me && user.kind !== "system") byId.set(user.id, user);
  }
  return [...byId.values()];
}
