/** Short notices at the lower edge: what just happened. Failures are spoken at once. */
import { signal } from "@preact/signals";

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "bad";
}

/** Long enough to read a sentence. */
const SHOWN_MS = 5_000;

export const notices = signal<readonly Notice[]>([]);

let made = 0;

export function notify(text: string, tone: Notice["tone"] = "plain"): void {
  const notice = { id: ++made, text, tone };
  notices.value = [...notices.value.filter((other) => other.text !== text), notice];
  setTimeout(() => {
    notices.value = notices.value.filter((other) => other.id !== notice.id);
  }, SHOWN_MS);
}
