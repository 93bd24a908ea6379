/** Loading the parts of a room that are not here: pages at either end, the surroundings of a place, the head. */
import type { HistoryReply } from "./protocol";
import type { Timeline } from "./timeline";

/** Messages asked for at once; the server gives no more. */
const PAGE = 100;

export type Query = { before?: number; after?: number; around?: number; limit: number };

export class History {
  readonly #timeline: Timeline;
  readonly #fetch: (query: Query) => Promise<HistoryReply>;
  readonly #underWay = new Map<"before" | "after", { readonly generation: number; readonly load: Promise<void> }>();

  constructor(timeline: Timeline, fetch: (query: Query) => Promise<HistoryReply>) {
    this.#timeline = timeline;
    this.#fetch = fetch;
  }

  older(): Promise<void> {
    const first = this.#timeline.confirmed[0];
    return first === undefined ? Promise.resolve() : this.#extend("before", first.seq);
  }

  newer(): Promise<void> {
    const last = this.#timeline.confirmed.at(-1);
    return last === undefined ? Promise.resolve() : this.#extend("after", last.seq);
  }

  /** Shows the surroundings of a place. Rejects if they do not load. */
  async around(seq: number): Promise<void> {
    await this.#timeline.move(async () => {
      const { messages, more } = await this.#fetch({ around: seq, limit: PAGE });
      // `more` speaks of older ones; a page that is not full has come to the head.
      return { messages, older: more ? "more" : "end", newer: messages.length < PAGE ? "end" : "more" };
    });
  }

  /** Shows the head of the room. Rejects if it does not load. */
  async latest(): Promise<void> {
    await this.#timeline.move(async () => {
      const { messages, more } = await this.#fetch({ limit: PAGE });
      return { messages, older: more ? "more" : "end", newer: "end" };
    });
  }

  #extend(where: "before" | "after", seq: number): Promise<void> {
    const edge = where === "before" ? this.#timeline.older : this.#timeline.newer;
    const generation = this.#timeline.generation.peek();
    const underWay = this.#underWay.get(where);
    // A page of what was shown before will be dropped: nobody should wait for it.
    if (underWay?.generation === generation) return underWay.load;
    if (edge.peek() === "end") return Promise.resolve();
    edge.value = "loading";
    const query = where === "before" ? { before: seq, limit: PAGE } : { after: seq, limit: PAGE };
    const isCurrent = (): boolean => generation === this.#timeline.generation.peek();
    const load = this.#timeline
      .extend(where, () => this.#fetch(query))
      .catch(() => {
        if (isCurrent()) edge.value = "failed";
      })
      .then(() => {
        if (isCurrent()) this.#underWay.delete(where);
      });
    this.#underWay.set(where, { generation, load });
    return load;
  }
}
