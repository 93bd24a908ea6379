/** Everybody who was seen anywhere, by id: one signal each, so that a new name shows wherever the person stands. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import type { User } from "./protocol";

export class People {
  readonly #known = new Map<string, Signal<User | null>>();

  get(userId: string): ReadonlySignal<User | null> {
    let person = this.#known.get(userId);
    if (person === undefined) this.#known.set(userId, (person = signal<User | null>(null)));
    return person;
  }

  learn(user: User): void {
    const person = this.#known.get(user.id);
    if (person === undefined) this.#known.set(user.id, signal<User | null>(user));
    else if (!same(person.peek(), user)) person.value = user;
  }
}

function same(known: User | null, user: User): boolean {
  return known !== null && known.name === user.name && known.avatar === user.avatar && known.kind === user.kind;
}
