/** Where an address ends in running Korean text, and how a link says where it leads. */
import type { MarkdownIt } from "markdown-it";
import { HANGUL } from "./hangul";

const ASCII_THEN_HANGUL = /[\x21-\x7e](?=[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3])/;
const HOST = /^\/\/[^/?#]*/;

// Particles that people write onto an address without a space, longest first where one begins another.
const PARTICLES = [
  "에서는", "에서도", "에서의", "에서", "에게", "에는", "에도", "에",
  "으로는", "으로도", "으로", "로는", "로도", "로", "이라고", "라고", "이라는", "라는", "이랑", "랑", "이나", "나",
  "까지", "부터", "처럼", "보다", "마다", "만", "은", "는", "이", "가", "을", "를", "와", "과", "의", "도", "요",
];
const ASCII_PATH_WITH_PARTICLE = new RegExp(`^([\\x21-\\x7e]*[A-Za-z0-9/_=-])(?:${PARTICLES.join("|")})$`);

/**
 * The part of what follows `https:` that is the address. The host ends at Hangul after ASCII (//example.com에서), except
 * where a label begins with Hangul (//한국.com, //example.한국); a path in ASCII drops a particle (/docs를), one with
 * Hangul of its own keeps everything (/wiki/서울).
 */
export function addressIn(tail: string): string {
  const host = HOST.exec(tail)?.[0];
  if (host === undefined) return tail;
  const cut = endOfHost(host);
  if (cut < host.length) return host.slice(0, cut);
  const path = tail.slice(host.length);
  return host + (ASCII_PATH_WITH_PARTICLE.exec(path)?.[1] ?? path);
}

function endOfHost(host: string): number {
  let at = 2;
  for (const label of host.slice(2).split(".")) {
    const found = HANGUL.test(label[0] ?? "") ? null : ASCII_THEN_HANGUL.exec(label);
    if (found) return at + found.index + 1;
    at += label.length + 1;
  }
  return host.length;
}

/** What a link with words of its own shows besides them; null when it shows its address anyway. */
export function hostToShow(href: string, words: string): string | null {
  if (href.startsWith("mailto:")) return href === `mailto:${words}` ? null : href.slice("mailto:".length).split("?")[0]!;
  let host: string;
  try {
    host = new URL(href).host;
  } catch {
    return href;
  }
  // Words that look like an address must be this one: [https://bank.example](https://evil.example).
  return words === href || words.startsWith(`https://${host}`) || words.startsWith(`http://${host}`) ? null : host;
}

const SCHEMES = /^(?:https?:|mailto:)/i;

/** Links to the web and to mail addresses only, found in running text by their scheme alone. */
export function useLinks(md: MarkdownIt): void {
  md.validateLink = (url) => SCHEMES.test(url.trim());
  const { linkify } = md;
  linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
  linkify.add("ftp:", null);
  linkify.add("//", null);
  linkify.add("mailto:", null);
  for (const scheme of ["http:", "https:"]) {
    linkify.add(scheme, {
      validate: (text, pos, self) => {
        const validator = self.re.get_http_validator();
        validator.lastIndex = pos;
        const tail = validator.exec(text)?.[0];
        return tail === undefined ? 0 : addressIn(tail).length;
      },
    });
  }
}
