/** What a page knows of a room's assistants: who they are, when they speak, and how much is left for today. */
import { computed, effect, signal } from "@preact/signals";
import type { Budgets, ChatClient, RoomAssistant, RoomAssistants, RoomStore, User } from "../../core/api";
import type { Key } from "../../i18n";
import { budget, roomAssistants, toolRequests } from "../../core/http_assistants";

type Feature = "budgets" | "catch_up" | "continue" | "demo_assistant" | "not_for_ai" | "several_assistants" | "tools";

/** What others used, and what a new day allows, is looked up in about this time: the pages of a large room not all at once. */
const OTHERS_MS = 60_000;

export class Roster {
  /** Null until it has come; what depends on it does without. */
  readonly room = signal<RoomAssistants | null>(null);
  readonly budgets = signal<Budgets | null>(null);
  /** The assistants as members; null until they have come. */
  readonly users = computed<readonly User[] | null>(
    () => this.room.value?.assistants.map(({ assistant: { id, name } }) => ({ id, name, kind: "assistant" })) ?? null,
  );
  readonly #client: ChatClient;
  readonly #store: RoomStore;

  constructor(client: ChatClient, store: RoomStore) {
    this.#client = client;
    this.#store = store;
  }

  /** What this server can do about assistants; reads a signal. */
  can(feature: Feature): boolean {
    return this.#client.hello.value?.features.includes(feature) ?? false;
  }

  /** Whether this person administers the installation; reads a signal. */
  get administers(): boolean {
    return this.room.value?.may_edit_all ?? false;
  }

  of(userId: string): RoomAssistant | null {
    return this.room.value?.assistants.find(({ assistant }) => assistant.id === userId) ?? null;
  }

  /** An emoji or a colour (#rrggbb); null: the letters of the name on a colour of its own. */
  lookOf(userId: string): string | null {
    return this.of(userId)?.assistant.avatar ?? null;
  }

  /** There is no model behind it, and it says so. */
  isDemo(userId: string): boolean {
    const known = this.of(userId);
    return known ? known.assistant.demo : this.can("demo_assistant");
  }

  /** Keeps itself up to date while the room is on the screen; returns the end of it. */
  follow(): () => void {
    const { status, assistantsChanged, answered, caughtUp } = this.#store;
    let again: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      again = undefined;
      void this.loadBudgets();
    };
    const ends = [
      effect(() => {
        assistantsChanged.value;
        if (status.value !== "ready" || !this.can("several_assistants")) return;
        void this.load();
        // Limits may be others too; who has not looked at them yet asks when they do.
        if (this.budgets.peek()) void this.loadBudgets();
      }),
      effect(() => {
        if (this.#store.refusals.value.size > 0) void this.loadBudgets();
      }),
      // What was asked while this page was away.
      effect(() => {
        caughtUp.value;
        if (status.value === "ready" && this.can("tools")) void this.#loadRequests();
      }),
      effect(() => {
        const asker = answered.value?.run?.asker.id;
        if (asker === undefined || !this.budgets.peek()) return;
        if (asker === this.#client.me.peek()?.id) void this.loadBudgets();
        else again ??= setTimeout(look, OTHERS_MS * (0.5 + Math.random()));
      }),
      effect(() => {
        const resets = this.budgets.value?.resets_at;
        if (resets === undefined) return undefined;
        const left = Math.max(0, Date.parse(resets) - this.#client.now());
        const timer = setTimeout(look, left + OTHERS_MS * Math.random());
        return () => clearTimeout(timer);
      }),
      () => clearTimeout(again),
    ];
    return () => ends.forEach((end) => end());
  }

  async load(): Promise<void> {
    this.room.value = await roomAssistants(this.#client.http, this.#store.slug).catch(() => this.room.peek());
  }

  async loadBudgets(): Promise<void> {
    if (!this.can("budgets")) return;
    this.budgets.value = await budget(this.#client.http, this.#store.slug).catch(() => this.budgets.peek());
  }

  async #loadRequests(): Promise<void> {
    const { requests } = await toolRequests(this.#client.http, this.#store.slug).catch(() => ({ requests: [] }));
    for (const request of requests) this.#store.toolAsked(request);
  }
}

/** When an assistant speaks, in words: its own rule, or where it has none the room's. */
export function speaksKey({ speaks }: RoomAssistant, turns: RoomAssistants["turns"]): Key {
  if (speaks === "never") return "speaks_never";
  if (speaks === "always" || turns === "always") return "speaks_always";
  return turns === "round_robin" ? "speaks_in_turn" : "speaks_mentioned";
}
