/** What stands for a person without a picture: one or two letters on one of twelve colours. */
import { isSyllable } from "../text/hangul";

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const HUES = 12;

const utf8 = new TextEncoder();

/** FNV-1a, 32 bits, over UTF-8. The server's pages use the same, so that a face keeps its colour. */
export function fnv1a(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of utf8.encode(text)) {
    hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  }
  return hash;
}

/** 0 to 11: the class `hue-n` of styles/controls.css. */
export function hueOf(id: string): number {
  return fnv1a(id) % HUES;
}

/** A Hangul name's last two syllables, else the initials of the first and the last word: 김지민 → 지민, Mina Kwon → MK. */
export function initials(name: string): string {
  const clean = name.normalize("NFC").trim();
  const syllables = [...clean].filter((char) => isSyllable(char.codePointAt(0)!));
  if (syllables.length > 0) return syllables.slice(-2).join("");
  const words = clean.split(/[\s._-]+/).filter((word) => word !== "");
  const first = words[0];
  if (first === undefined) return "?";
  const last = words.length > 1 ? words.at(-1)! : "";
  return ([...first][0]! + ([...last][0] ?? "")).toUpperCase();
}

/** The ink, dark or white, that stands out from a colour (#rrggbb). */
export function inkOn(colour: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  // Where white and black are equally far off (contrast 4.58 each).
  return light > 0.179 ? "#000" : "#fff";
}
