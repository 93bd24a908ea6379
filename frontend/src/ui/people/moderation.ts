/** What a room's owners and moderators do about people, over HTTP. */
import type { Http, User } from "../../core";

export interface Ban {
  readonly user: User;
  readonly reason: string;
  readonly expires_at: string | null;
}

export class Moderation {
  readonly #http: Http;
  readonly #room: string;

  constructor(http: Http, slug: string) {
    this.#http = http;
    this.#room = `/rooms/${encodeURIComponent(slug)}`;
  }

  /** Newest first. */
  async bans(): Promise<readonly Ban[]> {
    return (await this.#http.call<{ bans: Ban[] }>("GET", `${this.#room}/bans`)).bans;
  }

  /** `days` null: until it is lifted. */
  ban(user: User, reason: string, days: number | null): Promise<void> {
    return this.#http.call("POST", `${this.#room}/bans`, { user_id: user.id, reason, days });
  }

  lift(user: User): Promise<void> {
    return this.#http.call("DELETE", `${this.#room}/bans/${encodeURIComponent(user.id)}`);
  }

  /** One stays as a moderator. */
  handOver(user: User): Promise<void> {
    return this.#http.call("POST", `${this.#room}/owner`, { user_id: user.id });
  }
}
