/** People and emoji offered while one types their names. */
import { signal } from "@preact/signals";
import type { User } from "../../core/api";
import { findEmoji } from "../emoji/data";
import { emojiQuery } from "../emoji/query";
import type { RoomView } from "../page/view";
import { matchPeople, mentionQuery } from "../text/mentions";

export type Option =
  | { readonly kind: "person"; readonly key: string; readonly user: User; readonly insert: string }
  | { readonly kind: "emoji"; readonly key: string; readonly emoji: string; readonly name: string; readonly insert: string };

export interface Suggestions {
  /** Where the text to replace begins. */
  readonly start: number;
  readonly options: readonly Option[];
  readonly chosen: number;
}

const MOST = 8;

export class Suggester {
  readonly shown = signal<Suggestions | null>(null);
  readonly #view: RoomView;
  #asked = 0;

  constructor(view: RoomView) {
    this.#view = view;
  }

  /** Looks at the text around the caret. */
  look(text: string, caret: number): void {
    const asked = ++this.#asked;
    const mention = mentionQuery(text, caret);
    if (mention) {
      this.#offer(mention.start, matchPeople(byKind(this.#view.people.peek()), mention.typed, MOST).map(person));
      return;
    }
    const emoji = emojiQuery(text, caret);
    if (!emoji) {
      this.close();
      return;
    }
    void findEmoji(emoji.typed, MOST).then((found) => {
      // Something else has been typed since.
      if (asked === this.#asked) this.#offer(emoji.start, found.map((one) => ({ kind: "emoji", key: one.emoji, ...one, insert: `${one.emoji} ` })));
    });
  }

  move(by: 1 | -1): void {
    const now = this.shown.peek();
    if (!now) return;
    const { length } = now.options;
    this.shown.value = { ...now, chosen: (now.chosen + by + length) % length };
  }

  close(): void {
    this.#asked += 1;
    if (this.shown.peek()) this.shown.value = null;
  }

  #offer(start: number, options: readonly Option[]): void {
    this.shown.value = options.length === 0 ? null : { start, options, chosen: 0 };
  }
}

function person(user: User): Option {
  return { kind: "person", key: user.id, user, insert: `@${user.name} ` };
}

/** Assistants first: they are whom people call most. */
function byKind(people: readonly User[]): User[] {
  const rank = (user: User): number => (user.kind === "assistant" ? 0 : 1);
  return [...people].sort((a, b) => rank(a) - rank(b));
}
