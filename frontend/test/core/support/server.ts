/** A server of one room, in memory, behind the interface of a link: numbers, idempotent posts, joins, syncs and pages. */
import type { Link, LinkEvents, OpenLink } from "../../../src/core/link";
import type { Error as WireError, LiveRun, Message, RoomInfo, User } from "../../../src/core/protocol";

export const ALICE: User = { id: "alice", name: "Alice", kind: "person" };
export const BOB: User = { id: "bob", name: "Bob", kind: "person" };
export const BOT: User = { id: "assistant", name: "assistant", kind: "assistant" };

type Answer = { ok: true; [field: string]: unknown } | { ok: false; error: WireError };
type Request = { readonly event: string; readonly payload: any; readonly link: FakeLink };

class FakeLink {
  joined = false;
  readonly events: LinkEvents;
  constructor(events: LinkEvents) {
    this.events = events;
  }
}

export class FakeServer {
  readonly me: User;
  epoch = "epoch1";
  seq = 0;
  messages: Message[] = [];
  runs: LiveRun[] = [];
  readSeq = 0;
  /** What a new attempt meets. */
  door: "open" | "refused" | "silent" = "open";
  refusal: WireError | null = null;
  /** Every request, in order of arrival. */
  readonly requests: Request[] = [];
  attempts = 0;
  /** What every request that is not on the connection is answered. */
  http = (): Response => Response.json({ rooms: [] });
  readonly #links = new Set<FakeLink>();
  readonly #scripts = new Map<string, ((answer: () => Answer) => Answer | Promise<Answer> | null)[]>();

  constructor(me: User = ALICE) {
    this.me = me;
  }

  readonly openLink: OpenLink = (events): Link => {
    this.attempts++;
    const link = new FakeLink(events);
    if (this.door === "open") this.#links.add(link);
    queueMicrotask(() => {
      if (this.door === "refused") events.refused(this.refusal);
      else if (this.#links.has(link)) events.up("websocket");
    });
    return {
      emit: (event, payload, answered) => void this.#receive(link, event, payload, answered),
      close: () => void this.#links.delete(link),
    };
  };

  get room(): RoomInfo {
    return { slug: "general", name: "General", kind: "public", epoch: this.epoch, seq: this.seq, retention: "forever", role: "member", members_count: 2 };
  }

  /** How many connections have joined the room. */
  get joined(): number {
    return [...this.#links].filter((link) => link.joined).length;
  }

  asked(event: string): any[] {
    return this.requests.filter((request) => request.event === event).map(({ payload }) => payload);
  }

  /** The next answer to `event` is made by `script`: from the true one, later, or (null) never. */
  next(event: string, script: (answer: () => Answer) => Answer | Promise<Answer> | null): void {
    this.#scripts.set(event, [...(this.#scripts.get(event) ?? []), script]);
  }

  fail(event: string, error: WireError): void {
    this.next(event, () => ({ ok: false, error }));
  }

  /** The network goes, or comes back. */
  cut(door: "refused" | "silent" | "open" = "refused"): void {
    this.door = door;
    for (const link of [...this.#links]) {
      this.#links.delete(link);
      link.events.down(false);
    }
  }

  revoke(): void {
    for (const link of [...this.#links]) link.events.down(true);
  }

  /** Somebody posts. `lost`: the hint of it never reaches anybody. */
  post(sender: User, body: string, extra: Partial<Message> & { lost?: boolean } = {}): Message {
    const { lost = false, ...fields } = extra;
    const prev = this.seq++;
    const message: Message = {
      id: `1-${this.seq}`,
      room: "general",
      seq: this.seq,
      changed_seq: this.seq,
      client_id: null,
      sender,
      type: "text",
      body,
      mentions: [],
      created_at: new Date(this.seq * 1000).toISOString(),
      edited_at: null,
      deleted_at: null,
      uploads: [],
      reactions: [],
      ...fields,
    };
    this.messages.push(message);
    if (!lost) this.tell("message", { ...message, prev });
    return message;
  }

  change(id: string, fields: Partial<Message>, lost = false): Message {
    const prev = this.seq++;
    const index = this.messages.findIndex((message) => message.id === id);
    const message: Message = { ...this.messages[index]!, ...fields, changed_seq: this.seq };
    this.messages[index] = message;
    if (!lost) this.tell("message_changed", { ...message, prev });
    return message;
  }

  /** To all connections that have joined. */
  tell(name: string, payload: object): void {
    for (const link of [...this.#links]) if (link.joined || name === "closing") link.events.event(name, structuredClone(payload));
  }

  async #receive(link: FakeLink, event: string, payload: any, answered: (answer: unknown) => void): Promise<void> {
    this.requests.push({ event, payload, link });
    const answer = (): Answer => this.#answer(link, event, payload);
    const script = this.#scripts.get(event)?.shift();
    const given = script === undefined ? answer() : script(answer);
    if (given === null) return;
    const result = structuredClone(await given);
    if (this.#links.has(link)) answered(result);
  }

  #answer(link: FakeLink, event: string, payload: any): Answer {
    switch (event) {
      case "join": {
        link.joined = true;
        const known = payload.epoch === this.epoch && payload.since <= this.seq;
        const messages = known ? this.#changedAfter(payload.since) : this.messages.slice(-50);
        const unread = this.messages.filter(({ seq, sender }) => seq > this.readSeq && sender.id !== this.me.id).length;
        return {
          ok: true,
          room: this.room,
          messages,
          more: !known && this.messages.length > 50,
          ...(payload.since !== undefined && !known ? { refetch: true } : {}),
          online: [this.me],
          online_count: 1,
          reads: {},
          read_seq: this.readSeq,
          unread: Math.min(100, unread),
          mentions: 0,
          runs: this.runs,
        };
      }
      case "sync": {
        const known = payload.epoch === this.epoch && payload.since <= this.seq;
        return { ok: true, room: this.room, messages: known ? this.#changedAfter(payload.since) : [], seq: this.seq, runs: this.runs, ...(known ? {} : { refetch: true }) };
      }
      case "message": {
        const stored = this.messages.find((message) => message.client_id === payload.client_id);
        return { ok: true, message: stored ?? this.post(this.me, payload.body, { client_id: payload.client_id }), duplicate: stored !== undefined };
      }
      case "history":
        return { ok: true, ...this.#page(payload) };
      case "read":
        this.readSeq = Math.max(this.readSeq, payload.seq);
        return { ok: true, seq: this.readSeq, unread: this.messages.filter(({ seq, sender }) => seq > this.readSeq && sender.id !== this.me.id).length };
      case "edit":
        return { ok: true, message: this.change(payload.message_id, { body: payload.body }) };
      default:
        return { ok: true };
    }
  }

  #changedAfter(since: number): Message[] {
    return this.messages.filter(({ changed_seq }) => changed_seq > since).sort((a, b) => a.changed_seq - b.changed_seq);
  }

  #page({ before, after, around, limit = 50 }: { before?: number; after?: number; around?: number; limit?: number }): { messages: Message[]; more: boolean } {
    if (around !== undefined) {
      const older = this.#page({ before: around, limit: limit >> 1 });
      return { messages: [...older.messages, ...this.#page({ after: around - 1, limit: limit - older.messages.length }).messages], more: older.more };
    }
    const all = this.messages.filter(({ seq }) => (before === undefined || seq < before) && (after === undefined || seq > after));
    return { messages: after === undefined ? all.slice(-limit) : all.slice(0, limit), more: all.length > limit };
  }
}
