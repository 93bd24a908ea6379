/** Selected text: its rows stay in the page, and what is copied says who wrote it and when. */
import type { Row } from "../../core/api";
import { clock } from "../../i18n";

const MOST_KEPT = 1000;

/** The host of the row that a node of the timeline stands in. */
export function hostOf(node: Node | null): HTMLElement | null {
  const element = node instanceof Element ? node : (node?.parentElement ?? null);
  return element?.closest<HTMLElement>(".item") ?? null;
}

export function keyOf(node: Node | null): string | null {
  return hostOf(node)?.dataset["key"] ?? null;
}

export interface Listed {
  readonly items: readonly { readonly key: string; readonly row: Row }[];
  indexOf(key: string): number;
}

/** Keys of the rows that a selection in the timeline reaches over. */
export function selectedKeys(sizer: HTMLElement, list: Listed): string[] {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || !selection.anchorNode || !sizer.contains(selection.anchorNode)) return [];
  const ends = [keyOf(selection.anchorNode), keyOf(selection.focusNode)].map((key) => (key === null ? -1 : list.indexOf(key)));
  const [from, to] = ends.filter((index) => index >= 0).sort((a, b) => a - b);
  if (from === undefined) return [];
  return list.items.slice(from, Math.min((to ?? from) + 1, from + MOST_KEPT)).map((item) => item.key);
}

/** On copying more than one row: each with "Name, time" above its text. */
export function copyWithNames(event: ClipboardEvent, sizer: HTMLElement, list: Listed): void {
  const keys = selectedKeys(sizer, list);
  const selection = document.getSelection();
  if (keys.length < 2 || !selection || !event.clipboardData) return;
  const range = selection.getRangeAt(0);
  const parts = keys.map((key) => {
    const item = list.items[list.indexOf(key)]!;
    const message = item.row.message.peek();
    return `${message.sender.name}, ${clock(new Date(message.created_at))}\n${selectedText(range, sizer, key)}`;
  });
  event.clipboardData.setData("text/plain", parts.join("\n\n"));
  event.preventDefault();
}

/** The part of a row's text that lies in the selection. */
function selectedText(range: Range, sizer: HTMLElement, key: string): string {
  const texts = [...sizer.querySelectorAll<HTMLElement>(`.item[data-key="${CSS.escape(key)}"] .text`)];
  return texts
    .map((text) => {
      const part = document.createRange();
      part.selectNodeContents(text);
      if (text.contains(range.startContainer)) part.setStart(range.startContainer, range.startOffset);
      if (text.contains(range.endContainer)) part.setEnd(range.endContainer, range.endOffset);
      return part.toString().trim();
    })
    .filter((text) => text !== "")
    .join("\n");
}
