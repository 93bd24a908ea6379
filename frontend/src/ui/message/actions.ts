/** What can be done with a message, by whom, and doing it. */
import { asChatError, type Row } from "../../core";
import { t, why } from "../../i18n";
import { openEmoji } from "../emoji/picker";
import { ask } from "../page/question";
import { notify } from "../page/notice";
import { pathOf } from "../page/nav";
import type { RoomView } from "../page/view";

export type Action = "react" | "reply" | "copy" | "link" | "edit" | "not_for_ai" | "delete" | "regenerate" | "saw";

/** The actions open to this person, in the order of the toolbar. */
export function actionsFor(view: RoomView, row: Row): Action[] {
  const message = row.message.value;
  if (message.id === "" || message.deleted_at !== null || message.type === "system") return [];
  const mine = message.sender.id === view.me?.id;
  const answer = message.sender.kind === "assistant";
  const running = message.status === "queued" || message.status === "thinking" || message.status === "streaming";
  const actions: Action[] = view.mayWrite ? ["react", "reply"] : [];
  actions.push("copy", "link");
  if (view.signedOut) return actions;
  if (mine && view.mayWrite) actions.push("edit");
  if (answer && !running && mayRedo(view, row)) actions.push("regenerate");
  if (answer && !running) actions.push("saw");
  if (!answer && view.roster.can("not_for_ai") && view.assistants.value.length > 0 && (mine || view.moderates)) actions.push("not_for_ai");
  if ((mine || view.moderates) && !running) actions.push("delete");
  return actions;
}

/** Runs an act; what goes wrong is told, and spoken. True: it was done. */
export async function attempt(act: Promise<unknown>): Promise<boolean> {
  try {
    await act;
    return true;
  } catch (thrown) {
    notify(why(asChatError(thrown)), "bad");
    return false;
  }
}

export function toggleReaction(view: RoomView, row: Row, emoji: string): void {
  const { id, reactions } = row.message.peek();
  const mine = reactions.find((reaction) => bare(reaction.emoji) === bare(emoji))?.users.includes(view.me?.id ?? "") ?? false;
  void attempt(view.store.react(id, emoji, !mine));
}

/** An emoji without U+FE0F: its spellings differ in nothing else, and the server keeps one of them. */
const bare = (emoji: string): string => emoji.replaceAll("\ufe0f", "");

/** The list of emoji beside a row, for those without a pointer. */
export function openReactions(view: RoomView, row: Row): void {
  const host = document.querySelector<HTMLElement>(`.item[data-key="${CSS.escape(row.key)}"] .msg`);
  if (host) openEmoji(host, (emoji) => toggleReaction(view, row, emoji));
}

export function reply(view: RoomView, row: Row): void {
  view.editing.value = null;
  view.replyTo.value = row.message.peek();
  view.focusComposer();
}

export function edit(view: RoomView, row: Row): void {
  view.replyTo.value = null;
  view.editing.value = row;
  view.focusComposer();
}

export function copyText(row: Row): void {
  void toClipboard(row.text.peek());
}

export function copyLink(row: Row): void {
  const { room, seq } = row.message.peek();
  void toClipboard(location.origin + pathOf(room, seq));
}

export async function toClipboard(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http on another machine has no clipboard: the old way still works there.
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "sr";
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  notify(t("copied"));
}

export async function remove(view: RoomView, row: Row): Promise<void> {
  if (await ask(t("delete_q"), t("delete"))) await attempt(view.store.remove(row.message.peek().id));
}

export function regenerate(view: RoomView, row: Row): void {
  void attempt(view.store.regenerate(row.message.peek().id));
}

export function goOn(view: RoomView, row: Row): void {
  void attempt(view.store.goOn(row.message.peek().id));
}

export function keepFromAi(view: RoomView, row: Row): void {
  const { id, not_for_ai } = row.message.peek();
  void attempt(view.store.markNotForAi(id, !not_for_ai));
}

export function stop(view: RoomView, row: Row): void {
  void attempt(view.store.stop(row.message.peek().id));
}

/** The asker, moderators, owners and administrators may stop an answer. */
export function mayStop(view: RoomView, row: Row): boolean {
  if (view.signedOut) return false;
  return row.message.value.run?.asker.id === view.me?.id || view.moderates || view.roster.administers;
}

/** Who may stop an answer may have it written again, but for those who only read here, and while assistants may see its question. */
export function mayRedo(view: RoomView, row: Row): boolean {
  return view.mayWrite && mayStop(view, row) && questionStands(view, row);
}

/** Whether the question of an answer is neither deleted, nor gone by the room's retention, nor, as far as it is loaded, kept from assistants. */
function questionStands(view: RoomView, row: Row): boolean {
  const question = row.message.value.reply_to;
  if (question === undefined || question.deleted) return false;
  return view.store.rowOf(question.id)?.message.value.not_for_ai !== true;
}

/** What broke off, or was stopped, in the middle of its text can be written on from there. */
export function mayGoOn(view: RoomView, row: Row): boolean {
  const { status, body } = row.message.value;
  return view.roster.can("continue") && body !== "" && (status === "interrupted" || status === "stopped") && mayRedo(view, row);
}

/** The last message of mine that can be edited. */
export function lastOwn(view: RoomView): Row | null {
  const me = view.me?.id;
  const rows = view.store.rows.peek();
  for (let index = rows.length - 1; index >= 0; index--) {
    const message = rows[index]!.message.peek();
    if (message.sender.id === me && message.id !== "" && message.type === "text" && message.deleted_at === null) return rows[index]!;
  }
  return null;
}
