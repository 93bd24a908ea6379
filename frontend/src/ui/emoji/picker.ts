/** The one list of emoji of the page: who opens it, and what is done with the choice. */
import { signal } from "@preact/signals";

export interface Choosing {
  readonly anchor: HTMLElement;
  /** The row of the anchor: takes the focus if the anchor is gone by then. */
  readonly row: HTMLElement | null;
  /** Where the anchor stood: a toolbar goes away with the pointer. */
  readonly at: DOMRect;
  choose(emoji: string): void;
}

export const choosing = signal<Choosing | null>(null);

/** The six at hand; the rest is one press further. */
export const AT_HAND = ["👍", "❤️", "😂", "🎉", "😮", "🙏"] as const;

export function openEmoji(anchor: HTMLElement, choose: (emoji: string) => void): void {
  choosing.value = { anchor, row: anchor.closest<HTMLElement>(".msg"), at: anchor.getBoundingClientRect(), choose };
}

export function closeEmoji(): void {
  choosing.value = null;
}
