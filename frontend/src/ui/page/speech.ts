/** What a screen reader hears: one polite log. Answers speak at their start and end, bursts as a count. */
import { effect, signal, untracked } from "@preact/signals";
import type { Message, RoomStore, Row } from "../../core/api";
import { reason, t } from "../../i18n";
import { grows } from "../message/Body";
import type { RoomView } from "./view";

export interface Line {
  readonly id: number;
  readonly text: string;
}

const BURST = 3;
const BURST_MS = 2_000;
/** The log is read as it comes; old lines serve nobody. */
const KEPT = 20;
const LONGEST = 300;

export class Speaker {
  readonly lines = signal<readonly Line[]>([]);
  readonly #view: RoomView;
  readonly #stop: () => void;
  /** Answers that were announced as begun. */
  readonly #begun = new Map<Row, () => void>();
  #last = 0;
  #said = 0;
  #generation = -1;
  #recent: number[] = [];
  #counting: ReturnType<typeof setTimeout> | undefined;
  #held = 0;

  constructor(view: RoomView) {
    this.#view = view;
    this.#stop = effect(() => this.#heard(view.store, view.store.rows.value));
  }

  close(): void {
    this.#stop();
    clearTimeout(this.#counting);
    for (const stop of this.#begun.values()) stop();
  }

  #heard(store: RoomStore, rows: readonly Row[]): void {
    untracked(() => {
      const generation = store.generation.peek();
      const fresh: Row[] = [];
      for (let index = rows.length - 1; index >= 0; index--) {
        const { seq } = rows[index]!.message.peek();
        if (seq !== 0 && seq <= this.#last) break;
        if (seq !== 0) fresh.unshift(rows[index]!);
      }
      this.#last = Math.max(this.#last, fresh.at(-1)?.message.peek().seq ?? 0);
      // What was there on arrival is read by walking through it.
      if (generation !== this.#generation) this.#generation = generation;
      else for (const row of fresh) this.#message(row);
    });
  }

  #message(row: Row): void {
    const message = row.message.peek();
    if (message.sender.id === this.#view.me?.id || message.type === "system") return;
    if (!grows(message)) {
      this.#say(t("say_message", { name: message.sender.name, text: words(message) }));
      return;
    }
    this.#say(t("answer_started", { name: message.sender.name }));
    const stop = effect(() => {
      const now = row.message.value;
      if (grows(now)) return;
      // One that failed says so itself, as an alert.
      if (now.status === "done" || now.status === "stopped") {
        const key = now.status === "done" ? "answer_done" : "answer_stopped";
        untracked(() => this.#say(t(key, { name: now.sender.name, text: short(now) })));
      }
      queueMicrotask(() => this.#begun.get(row)?.());
    });
    this.#begun.set(row, () => {
      stop();
      this.#begun.delete(row);
    });
  }

  /** More than three in two seconds are told as their number. */
  #say(text: string): void {
    const now = Date.now();
    this.#recent = [...this.#recent.filter((at) => now - at < BURST_MS), now];
    if (this.#recent.length <= BURST) {
      this.#add(text);
      return;
    }
    this.#held += 1;
    clearTimeout(this.#counting);
    this.#counting = setTimeout(() => {
      this.#add(t("say_many", { n: this.#held }));
      this.#held = 0;
    }, BURST_MS);
  }

  #add(text: string): void {
    this.lines.value = [...this.lines.peek().slice(-KEPT + 1), { id: ++this.#said, text }];
  }
}

/** What a message says; of an answer that had failed when it came, why. */
function words(message: Message): string {
  const { status, run } = message;
  return status === "failed" || status === "interrupted" ? reason(run?.error ?? "ai_unavailable", run?.retry_after ?? null) : short(message);
}

function short(message: Message): string {
  const { body } = message;
  return body.length > LONGEST ? `${body.slice(0, LONGEST)}…` : body;
}
