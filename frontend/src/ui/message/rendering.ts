/** What a message's text needs to become HTML, and the HTML of those that were shown lately. */
import type { Message } from "../../core/api";
import { language, t } from "../../i18n";
import { findMentions, type Found, type Named } from "../text/mentions";
import { renderBlocks, type Rendering } from "../text/markdown";

export function renderingOf(message: Message, text: string, me: string | null, people: readonly Named[]): Rendering {
  // A message that the server has not seen yet carries no mentions: it is looked through here.
  const spans: readonly Found[] = message.id === "" ? findMentions(text, people) : message.mentions;
  return { words: { copy: t("copy") }, me, mentions: spans.length === 0 ? [] : textsOf(text, spans) };
}

function textsOf(text: string, spans: readonly Found[]): { text: string; userId: string }[] {
  const points = [...text];
  return spans
    .map((span) => ({ text: points.slice(span.start, span.start + span.length).join(""), userId: span.user_id }))
    .filter((mention) => mention.text.startsWith("@"))
    .sort((a, b) => b.text.length - a.text.length);
}

/** Enough for the drawn rows and some way back. */
const KEPT = 400;

const kept = new Map<string, readonly string[]>();

/** The blocks of a finished text. */
export function blocksOf(message: Message, text: string, me: string | null, people: readonly Named[]): readonly string[] {
  if (message.id === "") return renderBlocks(text, renderingOf(message, text, me, people)).map((block) => block.html);
  const name = `${message.id} ${message.changed_seq} ${text.length} ${language.value} ${me ?? ""}`;
  const before = kept.get(name);
  if (before) return before;
  const blocks = renderBlocks(text, renderingOf(message, text, me, people)).map((block) => block.html);
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
  kept.set(name, blocks);
  return blocks;
}

const ONLY_EMOJI = /^(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Emoji_Modifier}|\u200d|\s){1,12}$/u;
const MOST_BIG = 3;

/** One to three emoji and nothing else: shown larger. */
export function isEmojiOnly(text: string): boolean {
  if (!ONLY_EMOJI.test(text) || text.trim() === "") return false;
  return [...new Intl.Segmenter().segment(text.replace(/\s/g, ""))].length <= MOST_BIG;
}
