/** Typing, told sparingly and believed shortly. Nothing of it is stored anywhere. */
import { signal } from "@preact/signals-core";
import type { User } from "./protocol";

/** Between two events of one who keeps typing. */
const REPEAT_MS = 2_000;
/** After the last key, and after the last event heard of somebody. */
const EXPIRY_MS = 3_000;

/** Who else is typing. */
export class OthersTyping {
  readonly users = signal<readonly User[]>([]);
  readonly #me: string;
  readonly #expiries = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(me: string) {
    this.#me = me;
  }

  heard(user: User, typing: boolean): void {
    if (user.id === this.#me || user.kind === "assistant") return;
    if (!typing) return this.stopped(user.id);
    clearTimeout(this.#expiries.get(user.id));
    this.#expiries.set(user.id, setTimeout(() => this.stopped(user.id), EXPIRY_MS));
    if (!this.users.peek().some(({ id }) => id === user.id)) this.users.value = [...this.users.peek(), user];
  }

  stopped(userId: string): void {
    clearTimeout(this.#expiries.get(userId));
    if (this.#expiries.delete(userId)) this.users.value = this.users.peek().filter(({ id }) => id !== userId);
  }

  clear(): void {
    for (const userId of [...this.#expiries.keys()]) this.stopped(userId);
  }
}

/** Tells the others that I am typing. */
export class OwnTyping {
  readonly #tell: (typing: boolean) => void;
  #toldAt: number | null = null;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (typing: boolean) => void) {
    this.#tell = tell;
  }

  typed(text: string): void {
    if (text.trim() === "") return this.stop();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.stop(), EXPIRY_MS);
    if (this.#toldAt !== null && Date.now() - this.#toldAt < REPEAT_MS) return;
    this.#toldAt = Date.now();
    this.#tell(true);
  }

  stop(): void {
    clearTimeout(this.#idle);
    if (this.#toldAt === null) return;
    this.#toldAt = null;
    this.#tell(false);
  }
}
