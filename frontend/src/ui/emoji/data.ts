/** Emoji by name, in Korean or English as one types: our copy of the data, kept in the browser. Loaded when first used. */
import type Database from "emoji-picker-element/database";
import { language, type Language } from "../../i18n";
import { HANGUL } from "../text/hangul";

export interface Emoji {
  readonly emoji: string;
  readonly name: string;
}

export interface Group {
  readonly group: number;
  readonly emojis: readonly Emoji[];
}

/** Groups of the data: faces, people, nature, food, travel, activities, objects, symbols, flags. The third is skin tones. */
export const GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const;

const opened = new Map<Language, Promise<Database>>();

async function open(wanted: Language): Promise<Database> {
  const [{ default: Emojis }, { default: source }] = await Promise.all([
    import("emoji-picker-element/database"),
    wanted === "ko"
      ? import("emoji-picker-element-data/ko/cldr/data.json?url")
      : import("emoji-picker-element-data/en/cldr/data.json?url"),
  ]);
  return new Emojis({ locale: wanted, dataSource: source });
}

function database(wanted: Language): Promise<Database> {
  let found = opened.get(wanted);
  if (!found) {
    found = open(wanted);
    // A failure is not kept: the next use tries again.
    found.catch(() => opened.delete(wanted));
    opened.set(wanted, found);
  }
  return found;
}

type Found = Awaited<ReturnType<Database["getEmojiBySearchQuery"]>>;

/** Those with a face of their own; custom ones have a picture instead, and there are none. */
function plain(found: Found): Emoji[] {
  return found.flatMap((one) => ("unicode" in one ? [{ emoji: one.unicode, name: one.annotation }] : []));
}

export async function findEmoji(query: string, most: number): Promise<Emoji[]> {
  try {
    const emojis = await database(HANGUL.test(query) ? "ko" : "en");
    return plain(await emojis.getEmojiBySearchQuery(query)).slice(0, most);
  } catch {
    // Suggestions are a convenience: without data there are none.
    return [];
  }
}

/** All, by group. Rejects when the data does not load. */
export async function allEmoji(): Promise<Group[]> {
  const emojis = await database(language.peek());
  return Promise.all(GROUPS.map(async (group) => ({ group, emojis: plain(await emojis.getEmojiByGroup(group)) })));
}
