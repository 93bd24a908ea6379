/**
 * The rules of numbers, gaps and resume, as pure code: no I/O, no clock.
 *
 * Every change of a room takes the room's next number. A client at N drops an event numbered N or less, applies one whose
 * `prev` is N or less and moves to its number, and otherwise has a hole: it asks for what it misses. Numbers may be
 * skipped (a later change of the same message replaces an earlier one), which is why `prev` decides and not N + 1.
 */

/** What to ask the server next. Without `since` the room is wanted afresh. */
export interface Call {
  readonly name: "join" | "sync";
  readonly since: number | null;
  readonly epoch: string | null;
}

/** More events than this while an answer is awaited are forgotten; the view then asks once more. */
const BUFFER_LIMIT = 256;

interface Held<E> {
  readonly number: number;
  readonly prev: number;
  readonly event: E;
}

/**
 * Where a client stands in one room. `received`, `joined` and `synced` return the events to apply now, in order; the messages
 * of an answer are to be applied before them. After each step `call` is what to ask next (null: nothing); it stays
 * until answered, so after an error or a time-out it is sent again.
 *
 * A message, wherever it comes from, replaces the one held only if its `changed_seq` is higher.
 */
export class ClientView<E> {
  epoch: string | null = null;
  position: number | null = null;
  call: Call | null = null;
  readonly #limit: number;
  #connected = false;
  #buffer: Held<E>[] = [];
  #overflowed = false;

  constructor(bufferLimit = BUFFER_LIMIT) {
    this.#limit = bufferLimit;
  }

  /** A connection is there: ask for what was missed, or for all if nothing is known. */
  join(): Call {
    this.#connected = true;
    this.call = { name: "join", since: this.position, epoch: this.epoch };
    return this.call;
  }

  /** The connection is gone. What was applied stays; what was held will come again. */
  lost(): void {
    this.#connected = false;
    this.#forget();
    this.call = null;
  }

  /** Something outside the numbers has a hole (an answer's deltas), or the connection is in doubt: ask, unless asking already. */
  needSync(): void {
    if (this.#connected && this.call === null && this.position !== null) this.#sync();
  }

  /** A numbered event of this room arrived. */
  received(number: number, prev: number, event: E): E[] {
    if (!this.#connected) return [];
    if (this.#buffer.length < this.#limit) this.#buffer.push({ number, prev, event });
    else this.#overflowed = true;
    return this.#advance();
  }

  /**
   * `join` was answered with the room at `seq`. With `refetch`, or if asked without `since`, what was held is replaced by
   * the answer's messages; else they are added.
   */
  joined(epoch: string, seq: number): E[] {
    this.epoch = epoch;
    this.position = seq;
    this.call = null;
    return this.#advance();
  }

  /** `sync` was answered as of number `seq`; `refetch`: too far behind or another epoch, so join afresh. */
  synced(seq: number, refetch = false): E[] {
    if (refetch) {
      this.epoch = this.position = null;
      this.#forget();
      this.call = { name: "join", since: null, epoch: null };
      return [];
    }
    this.position = Math.max(this.position ?? seq, seq);
    this.call = null;
    return this.#advance();
  }

  #advance(): E[] {
    const apply: E[] = [];
    if (this.call !== null || this.position === null) return apply;
    for (const [index, { number, prev, event }] of this.#buffer.entries()) {
      if (number <= this.position) continue;
      if (prev > this.position) {
        this.#buffer.splice(0, index);
        this.#sync();
        return apply;
      }
      this.position = number;
      apply.push(event);
    }
    this.#buffer = [];
    if (this.#overflowed) {
      this.#overflowed = false;
      this.#sync();
    }
    return apply;
  }

  #sync(): void {
    this.call = { name: "sync", since: this.position, epoch: this.epoch };
  }

  #forget(): void {
    this.#buffer = [];
    this.#overflowed = false;
  }
}
