/** Who is in a room, and how far each has read: a state from the join, then differences. */
import { signal } from "@preact/signals-core";
import type { PresenceEvent, User } from "./protocol";

/** The server lists no more; the count goes on. */
const LISTED = 100;

export class Presence {
  readonly online = signal<readonly User[]>([]);
  readonly count = signal(0);
  readonly reads = signal<ReadonlyMap<string, number>>(new Map());

  reset(online: readonly User[], count: number, reads: Readonly<Record<string, number>>): void {
    this.online.value = online;
    this.count.value = count;
    this.reads.value = new Map(Object.entries(reads));
  }

  changed({ joined, left, online_count }: PresenceEvent): void {
    const gone = new Set([...left, ...joined].map(({ id }) => id));
    this.online.value = [...this.online.peek().filter(({ id }) => !gone.has(id)), ...joined].slice(0, LISTED);
    this.count.value = online_count;
  }

  /** Cursors only move forward. */
  read(moved: Readonly<Record<string, number>>): void {
    const reads = new Map(this.reads.peek());
    for (const [userId, seq] of Object.entries(moved)) reads.set(userId, Math.max(seq, reads.get(userId) ?? 0));
    this.reads.value = reads;
  }
}
