/**
 * What people and assistants write, as HTML. The text is untrusted: no HTML of its own, no images, no foreign request;
 * a link shows its host. Nothing here emits an id, a style or a script, so the pages' CSP needs no exception.
 */
import Parser, { type Env, type MarkdownIt, type RendererRule, type StateInline, type Token } from "markdown-it";
import cjkFriendly from "markdown-it-cjk-friendly";
import { hostToShow, useLinks } from "./links";

export interface Words {
  /** Label of the button over a block of code. */
  readonly copy: string;
}

export interface Rendering extends Env {
  readonly words: Words;
  /** Texts that mention ("@데모"), with the id of whom; the longest first. */
  readonly mentions?: readonly { readonly text: string; readonly userId: string }[];
  /** Whose mention is marked as theirs. */
  readonly me?: string | null;
}

const TILDE = 0x7e;
const UNDERSCORE = 0x5f;
const OPENS_AFTER = /[\s\p{P}\p{S}]$/u;

/** Headings of a message stand below those of the page. */
const HEADING_OFFSET = 3;

export function createMarkdown(): MarkdownIt {
  const md = new Parser({ html: false, breaks: true, linkify: true, typographer: false });
  md.disable(["lheading", "code", "html_block", "html_inline"]);
  md.use(cjkFriendly);
  useLinks(md);
  quietDelimiters(md);
  md.inline.ruler.before("emphasis", "mention", mention);
  Object.assign(md.renderer.rules, RULES);
  return md;
}

/** `__` marks nothing (it is part of names), and `~~` opens only after start, space or punctuation: 네~~ is a long 네. */
function quietDelimiters(md: MarkdownIt): void {
  const Above = md.inline.State;
  md.inline.State = class extends Above {
    override scanDelims(start: number, canSplitWord: boolean): ReturnType<StateInline["scanDelims"]> {
      const found = super.scanDelims(start, canSplitWord);
      const marker = this.src.charCodeAt(start);
      if (marker === UNDERSCORE && found.length > 1) return { ...found, can_open: false, can_close: false };
      if (marker === TILDE && start > 0 && !OPENS_AFTER.test(this.src.slice(0, start))) return { ...found, can_open: false };
      return found;
    }
  };
}

/** An @name that the message mentions; inside code this rule is never asked. */
function mention(state: StateInline, silent: boolean): boolean {
  const { src, pos } = state;
  if (src[pos] !== "@") return false;
  const found = (state.env as Rendering).mentions?.find(({ text }) => src.startsWith(text, pos));
  if (!found) return false;
  if (!silent) {
    const token = state.push("mention", "", 0);
    token.content = found.text;
    token.meta = { userId: found.userId };
  }
  state.pos += found.text.length;
  return true;
}

const { escapeHtml: escape } = new Parser().utils;

const LINK_ATTRIBUTES = 'target="_blank" rel="noopener noreferrer nofollow"';

function openLink(href: string): string {
  return `<a href="${escape(href)}" ${LINK_ATTRIBUTES}>`;
}

function attribute(token: Token, name: string): string {
  return String(token.attrGet(name) ?? "");
}

/** The words of the link that closes here, and its address. */
function linkBefore(tokens: Token[], close: number): { href: string; words: string } {
  let words = "";
  for (let index = close - 1; index >= 0; index--) {
    const token = tokens[index]!;
    if (token.type === "link_open") return { href: attribute(token, "href"), words };
    words = token.content + words;
  }
  return { href: "", words };
}

function hostNote(href: string, words: string): string {
  const host = hostToShow(href, words);
  return host === null ? "" : ` <span class="host">(${escape(host)})</span>`;
}

const insideLink = (tokens: Token[], index: number): boolean => {
  const opened = tokens.slice(0, index).filter((token) => token.type === "link_open").length;
  const closed = tokens.slice(0, index).filter((token) => token.type === "link_close").length;
  return opened > closed;
};

const heading: RendererRule = (tokens, index) => {
  const token = tokens[index]!;
  const level = Math.min(6, Number(token.tag.slice(1)) + HEADING_OFFSET);
  return token.nesting > 0 ? `<h${level}>` : `</h${level}>\n`;
};

const cell: RendererRule = (tokens, index) => {
  const token = tokens[index]!;
  // markdown-it aligns by a style attribute, which the CSP would refuse.
  const align = /text-align:(\w+)/.exec(attribute(token, "style"))?.[1];
  return align ? `<${token.tag} class="to-${align}">` : `<${token.tag}>`;
};

const RULES: Record<string, RendererRule> = {
  link_open: (tokens, index) => openLink(attribute(tokens[index]!, "href")),
  link_close: (tokens, index) => {
    const { href, words } = linkBefore(tokens, index);
    return (tokens[index]!.info === "auto" ? "" : hostNote(href, words)) + "</a>";
  },
  image: (tokens, index, options, env, self) => {
    const token = tokens[index]!;
    const href = attribute(token, "src");
    const alt = self.renderInlineAsText(token.children ?? [], options, env) || href;
    return insideLink(tokens, index) ? escape(alt) : `${openLink(href)}${escape(alt)}${hostNote(href, alt)}</a>`;
  },
  fence: (tokens, index, _options, env) => {
    const token = tokens[index]!;
    const label = escape(token.info.trim().split(/\s+/)[0] ?? "");
    const button = `<button type="button" class="btn slim" data-copy-code>${escape((env as Rendering).words.copy)}</button>`;
    return `<div class="code"><div class="code-bar"><span>${label}</span>${button}</div><pre tabindex="0"><code>${escape(token.content)}</code></pre></div>\n`;
  },
  mention: (tokens, index, _options, env) => {
    const token = tokens[index]!;
    const mine = token.meta?.["userId"] === (env as Rendering).me ? " mine" : "";
    return `<span class="mention${mine}">${escape(token.content)}</span>`;
  },
  heading_open: heading,
  heading_close: heading,
  th_open: cell,
  td_open: cell,
  table_open: () => '<div class="table"><table>\n',
  table_close: () => "</table></div>\n",
};

const shared = createMarkdown();

/** A whole text. */
export function renderMarkdown(body: string, rendering: Rendering): string {
  return shared.render(body, rendering);
}

export interface Block {
  readonly html: string;
  /** Where it begins, as a line of the text. */
  readonly line: number;
}

/** The same, cut at the top level: paragraphs, lists, blocks of code. Joined by line ends they are what renderMarkdown gives. */
export function renderBlocks(body: string, rendering: Rendering): Block[] {
  const tokens = shared.parse(body, rendering);
  const blocks: Block[] = [];
  let from = 0;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.level !== 0 || token.nesting > 0) continue;
    const group = tokens.slice(from, index + 1);
    blocks.push({ html: shared.renderer.render(group, shared.options, rendering).trimEnd(), line: group[0]!.map?.[0] ?? 0 });
    from = index + 1;
  }
  return blocks;
}
