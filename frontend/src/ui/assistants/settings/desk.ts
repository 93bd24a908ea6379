/** The state of the page of a room's assistants, and what is done there. After each act it shows what the server has. */
import { signal } from "@preact/signals";
import type { Assistant, AssistantFields, Budgets, Finding, RoomAssistants, RoomAssistantsChange, Speaks } from "../../../core/api";
import { asChatError } from "../../../core/errors";
import type { Http } from "../../../core/http";
import * as calls from "../../../core/http_assistants";
import { reason } from "../../../i18n";
import { attempt } from "../../message/actions";
import { notify } from "../../page/notice";
import { ask } from "../../page/question";
import { w } from "./words";

export class Desk {
  readonly room = signal<RoomAssistants | null>(null);
  readonly budgets = signal<Budgets | null>(null);
  readonly problem = signal<string | null>(null);
  readonly #http: Http;
  readonly #slug: string;

  constructor(http: Http, slug: string) {
    this.#http = http;
    this.#slug = slug;
  }

  async load(): Promise<void> {
    this.problem.value = null;
    try {
      const [room, budgets] = await Promise.all([calls.roomAssistants(this.#http, this.#slug), calls.budget(this.#http, this.#slug)]);
      this.room.value = room;
      this.budgets.value = budgets;
    } catch (thrown) {
      const error = asChatError(thrown);
      this.problem.value = reason(error.code, error.retryAfter);
    }
  }

  /** For a form: rejects with why it was not taken. */
  async create(fields: AssistantFields | Partial<AssistantFields>, forAll: boolean): Promise<void> {
    const whole = fields as AssistantFields;
    if (forAll) {
      const { assistant } = await calls.createAssistantForAll(this.#http, whole);
      await this.#http.setMember(this.#slug, assistant.id);
    } else await calls.createAssistant(this.#http, this.#slug, whole);
    await this.#saved();
  }

  /** For a form: rejects with why it was not taken. */
  async change({ id, room }: Assistant, change: Partial<AssistantFields>): Promise<void> {
    if (Object.keys(change).length > 0) {
      if (room === null) await calls.changeAssistantForAll(this.#http, id, change);
      else await calls.changeAssistant(this.#http, this.#slug, id, change);
    }
    await this.#saved();
  }

  /** For a form: rejects with why it was not tried. */
  async tryOut(provider: string, model: string | null): Promise<readonly Finding[]> {
    const { findings } = await calls.tryProvider(this.#http, this.#slug, provider, model);
    return findings;
  }

  speak({ id }: Assistant, speaks: Speaks): Promise<void> {
    return this.#do(calls.changeAssistant(this.#http, this.#slug, id, { speaks }));
  }

  changeRoom(change: RoomAssistantsChange): Promise<void> {
    return this.#do(calls.changeRoomAssistants(this.#http, this.#slug, change));
  }

  bringIn({ id }: Assistant): Promise<void> {
    return this.#do(this.#http.setMember(this.#slug, id));
  }

  async remove({ id, name, room }: Assistant): Promise<void> {
    const sure = await ask(w(room === null ? "remove_all_q" : "remove_own_q", { name }), w("remove"));
    if (sure) await this.#do(calls.removeAssistant(this.#http, this.#slug, id));
  }

  async retire({ id, name }: Assistant): Promise<void> {
    if (await ask(w("retire_q", { name }), w("retire"))) await this.#do(calls.removeAssistantForAll(this.#http, id));
  }

  /** What was refused is told, and what is shown goes back to what is so. */
  async #do(act: Promise<unknown>): Promise<void> {
    await attempt(act.then(() => notify(w("saved"))));
    await this.load();
  }

  async #saved(): Promise<void> {
    notify(w("saved"));
    await this.load();
  }
}
