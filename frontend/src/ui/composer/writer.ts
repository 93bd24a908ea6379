/** What happens with the text of the message box: drafts, sending, editing, commands. */
import { effect, untracked } from "@preact/signals-core";
import type { Row } from "../../core/api";
import { t } from "../../i18n";
import { attempt, edit, lastOwn } from "../message/actions";
import { notify } from "../page/notice";
import type { RoomView } from "../page/view";
import { Box } from "./box";
import { run } from "./commands";
import { commandIn, type Act } from "./keys";
import { Suggester, type Option } from "./suggest";

const SAVE_AFTER_MS = 300;

export class Writer {
  readonly suggester: Suggester;
  readonly #view: RoomView;
  #box: Box | null = null;
  #changed: () => void = () => undefined;
  #stop: () => void = () => undefined;
  #saving: ReturnType<typeof setTimeout> | undefined;
  /** What was being written when an edit began. */
  #aside = "";
  #edited: Row | null = null;
  /** What edits were to make of messages, where that was not stored. */
  readonly #unsaved = new Map<Row, string>();
  /** An unknown command that was sent once: the second time it is a text. */
  #asked: string | null = null;

  constructor(view: RoomView) {
    this.#view = view;
    this.suggester = new Suggester(view);
  }

  /** Takes over a text area, with the draft of this room in it. `changed`: called when the text is set from here. */
  open(element: HTMLTextAreaElement, changed: () => void): void {
    this.#box = new Box(element);
    this.#changed = changed;
    element.value = this.#view.store.draft.load();
    this.#box.fit();
    changed();
    this.#view.focusComposer = () => this.#box?.focus();
    this.#view.mention = ({ name }) => {
      this.insert(`@${name} `);
      this.#box?.focus();
    };
    addEventListener("pagehide", this.#saveNow);
    // At once, not after the next paint as a component's effect: the next key belongs to the text to edit.
    this.#stop = effect(() => {
      const row = this.#view.editing.value;
      untracked(() => this.#edit(row));
    });
  }

  close(): void {
    this.#stop();
    this.#saveNow();
    this.suggester.close();
    removeEventListener("pagehide", this.#saveNow);
    this.#view.focusComposer = () => undefined;
    this.#view.mention = () => undefined;
    this.#box = null;
  }

  /** The person typed. */
  changed(): void {
    const box = this.#box;
    if (!box) return;
    box.fit();
    this.look();
    if (this.#edited) return;
    this.#view.store.typed(box.text);
    clearTimeout(this.#saving);
    this.#saving = setTimeout(this.#saveNow, SAVE_AFTER_MS);
  }

  /** Looks for a name at the caret. */
  look(): void {
    if (this.#box) this.suggester.look(this.#box.text, this.#box.caret);
  }

  blurred(): void {
    // A press on a suggestion comes before the blur has closed the list.
    setTimeout(() => {
      if (this.#box && document.activeElement !== this.#box.element) this.suggester.close();
    }, 150);
  }

  do(act: NonNullable<Act>): void {
    switch (act) {
      case "send":
        return this.send();
      case "edit_last":
        return this.#editLast();
      case "choose":
        return this.choose(null);
      case "next":
        return this.suggester.move(1);
      case "previous":
        return this.suggester.move(-1);
      case "close_list":
        return this.suggester.close();
      case "close_banner":
        this.#view.replyTo.value = null;
        this.#view.editing.value = null;
        this.#box?.focus();
    }
  }

  /** Takes a suggestion; null: the one that is marked. */
  choose(option: Option | null): void {
    const shown = this.suggester.shown.peek();
    const chosen = option ?? shown?.options[shown.chosen];
    if (!shown || !chosen || !this.#box) return;
    this.#box.replace(shown.start, chosen.insert);
    this.#changed();
    this.suggester.close();
  }

  /** Puts text at the caret. */
  insert(text: string): void {
    this.#box?.replace(this.#box.caret, text);
    this.#changed();
  }

  send(): void {
    const box = this.#box;
    if (!box || box.text.trim() === "") return;
    const command = this.#edited ? null : commandIn(box.text);
    if (command && "unknown" in command && this.#asked !== box.text) {
      this.#asked = box.text;
      notify(t("cmd_unknown", { cmd: command.unknown }));
      return;
    }
    const text = box.take().trim();
    this.#asked = null;
    this.suggester.close();
    if (command && "name" in command) void run(command.name, this.#view);
    else if (this.#edited) void this.#finishEdit(this.#edited, text);
    else this.#post(text);
    this.#changed();
    this.#saveNow();
  }

  /** Begins to edit a row, or (null) ends it with what was written before. */
  #edit(row: Row | null): void {
    const box = this.#box;
    if (!box || row === this.#edited) return;
    if (row && !this.#edited) this.#aside = box.text;
    if (this.#edited) this.#unsaved.delete(this.#edited);
    this.#edited = row;
    box.set(row ? (this.#unsaved.get(row) ?? row.text.peek()) : this.#aside);
    this.#changed();
    if (row) box.focus();
  }

  #editLast(): void {
    const row = lastOwn(this.#view);
    if (row) edit(this.#view, row);
  }

  /** What is not stored comes back into the box, or, when something else is written there by then, with the next edit of that message. */
  async #finishEdit(row: Row, text: string): Promise<void> {
    this.#view.editing.value = null;
    const message = row.message.peek();
    if (text === message.body || (await this.#save(row, message.id, text))) return;
    this.#unsaved.set(row, text);
    if (this.#box?.text === "" && !this.#edited) this.#view.editing.value = row;
  }

  async #save(row: Row, messageId: string, text: string): Promise<boolean> {
    const { saving, store } = this.#view;
    saving.value = new Map(saving.peek()).set(row, Date.now());
    const saved = await attempt(store.edit(messageId, text));
    const others = new Map(saving.peek());
    others.delete(row);
    saving.value = others;
    return saved;
  }

  #post(text: string): void {
    const replyTo = this.#view.replyTo.peek();
    const notForAi = this.#view.notForAi.peek();
    this.#view.replyTo.value = null;
    this.#view.notForAi.value = false;
    this.#view.store.clearNewLine();
    this.#view.store.send(text, { ...(replyTo ? { replyTo } : {}), ...(notForAi ? { notForAi } : {}) });
    this.#view.timeline?.toEnd();
  }

  readonly #saveNow = (): void => {
    clearTimeout(this.#saving);
    if (this.#box) this.#view.store.draft.save(this.#edited ? this.#aside : this.#box.text);
  };
}
