/** The rooms visited lately: the newest stay joined, so that going back and forth shows them as they were left. */
import type { ChatClient } from "../../core/api";
import { RoomView } from "./view";

const KEPT = 4;

export class Views {
  readonly #client: ChatClient;
  readonly #views = new Map<string, RoomView>();

  constructor(client: ChatClient) {
    this.#client = client;
  }

  /** The view of a room, made at the first visit. The one that was not visited for longest is left. */
  open(slug: string): RoomView {
    const known = this.#views.get(slug);
    const view = known ?? new RoomView(this.#client, this.#client.room(slug));
    this.#views.delete(slug);
    this.#views.set(slug, view);
    if (this.#views.size > KEPT) {
      const oldest = this.#views.keys().next().value!;
      this.#views.delete(oldest);
      this.#client.leave(oldest);
    }
    return view;
  }
}
