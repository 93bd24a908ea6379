/** How messages stand together: whether a row begins a group or a day. */
import type { Message } from "../../core/api";

const SAME_GROUP_MS = 5 * 60_000;

export interface Place {
  /** Begins a group: shows face, name and time. */
  readonly first: boolean;
  /** Begins a day: the mark stands above. */
  readonly newDay: boolean;
}

/** The device's own day, as a number that differs between days. */
export function dayOf(at: Date): number {
  return at.getFullYear() * 10_000 + at.getMonth() * 100 + at.getDate();
}

/** An assistant's answer; it always begins a group, because its name row carries its state. */
export function isAnswer(message: Message): boolean {
  return message.sender.kind === "assistant";
}

/** The place of a message after the one above it (undefined: nothing above). */
export function placeAfter(above: Message | undefined, message: Message): Place {
  if (!above) return { first: true, newDay: true };
  const then = new Date(above.created_at);
  const now = new Date(message.created_at);
  const newDay = dayOf(then) !== dayOf(now);
  const together =
    !newDay &&
    above.sender.id === message.sender.id &&
    above.type === "text" &&
    message.type === "text" &&
    !message.reply_to &&
    !isAnswer(message) &&
    now.getTime() - then.getTime() <= SAME_GROUP_MS;
  return { first: !together, newDay };
}
