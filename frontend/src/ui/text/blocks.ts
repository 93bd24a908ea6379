/**
 * An answer as it grows. Whatever is closed by something after it is parsed once and keeps its nodes; only the last
 * block is parsed again. A fence that is still open is shown as code, because markdown-it closes it at the end of the text.
 */
import { renderBlocks, type Rendering } from "./markdown";

export class GrowingText {
  readonly #rendering: Rendering;
  #done: string[] = [];
  /** Where the unfinished block begins in the text. */
  #from = 0;
  #text = "";

  constructor(rendering: Rendering) {
    this.#rendering = rendering;
  }

  /** HTML of the blocks of the text so far; equal strings at equal places are the same block. */
  blocks(text: string): string[] {
    if (!text.startsWith(this.#text)) {
      this.#done = [];
      this.#from = 0;
    }
    this.#text = text;
    const tail = text.slice(this.#from);
    const blocks = renderBlocks(tail, this.#rendering);
    const last = blocks.at(-1);
    if (blocks.length > 1 && last) {
      this.#done.push(...blocks.slice(0, -1).map((block) => block.html));
      this.#from += startOfLine(tail, last.line);
    }
    return last ? [...this.#done, last.html] : [...this.#done];
  }

  /** The finished text parsed as a whole: what follows may have changed what came before (a definition of a link). */
  whole(text: string): string[] {
    return renderBlocks(text, this.#rendering).map((block) => block.html);
  }
}

function startOfLine(text: string, line: number): number {
  let at = 0;
  for (let passed = 0; passed < line; passed++) at = text.indexOf("\n", at) + 1;
  return at;
}

const CLOSING_TAGS = /(?:\s*<\/[a-z0-9]+>)+\s*$/;

/** The HTML of a block with the cursor behind its last letter. */
export function withCursor(html: string): string {
  const cursor = '<span class="cursor"></span>';
  const tags = CLOSING_TAGS.exec(html)?.[0];
  return tags === undefined ? html + cursor : html.slice(0, -tags.length) + cursor + tags;
}
