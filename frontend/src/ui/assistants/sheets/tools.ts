/** What an assistant does with a tool, in words. Arguments are the model's: shown as text, and short. */
import { w } from "./words";

const LONGEST = 120;

interface Use {
  readonly tool: string;
  readonly arguments: Record<string, unknown>;
}

export function sentenceOf({ tool, arguments: given }: Use): string {
  const q = firstOf(given);
  if (tool.startsWith("search")) return w("tool_search_room", { q });
  if (tool.startsWith("rename")) return w("tool_rename_room", { q });
  return w("tool_other", { tool: q === "" ? tool : `${tool} (${q})` });
}

function firstOf(given: Record<string, unknown>): string {
  const value = Object.values(given)[0];
  const text = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
