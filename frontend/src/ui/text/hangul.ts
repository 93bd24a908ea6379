/** Hangul as it is typed: syllables taken apart into the letters of the keyboard. */

const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;

// In the order of Unicode's syllable block; letters that take two keys stand as both.
const INITIALS = [..."ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"];
const VOWELS = "ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅗㅏ ㅗㅐ ㅗㅣ ㅛ ㅜ ㅜㅓ ㅜㅔ ㅜㅣ ㅠ ㅡ ㅡㅣ ㅣ".split(" ");
const FINALS = " ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ".split(" ");

export const HANGUL = /[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]/;

export function isSyllable(code: number): boolean {
  return code >= FIRST_SYLLABLE && code <= LAST_SYLLABLE;
}

/** 데모 → ㄷㅔㅁㅗ. What is not a syllable stays as it is. */
export function keystrokes(text: string): string {
  let keys = "";
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (!isSyllable(code)) {
      keys += char;
      continue;
    }
    const index = code - FIRST_SYLLABLE;
    keys += INITIALS[Math.floor(index / 588)]! + VOWELS[Math.floor((index % 588) / 28)]! + FINALS[index % 28]!;
  }
  return keys;
}

/** 데모 → ㄷㅁ. What is not a syllable stays as it is. */
export function initialLetters(text: string): string {
  let letters = "";
  for (const char of text) {
    const code = char.codePointAt(0)!;
    letters += isSyllable(code) ? INITIALS[Math.floor((code - FIRST_SYLLABLE) / 588)]! : char;
  }
  return letters;
}

const ONLY_CONSONANTS = /^[ㄱ-ㅎ]+$/;

/**
 * Whether a name begins with what has been typed so far, as far as the keyboard goes: 데, 뎀 (on the way to 데모) and
 * the initials ㄷㅁ all begin 데모.
 */
export function beginsWith(name: string, typed: string): boolean {
  const wanted = typed.normalize("NFC").toLowerCase();
  const offered = name.normalize("NFC").toLowerCase();
  if (offered.startsWith(wanted)) return true;
  if (ONLY_CONSONANTS.test(wanted) && initialLetters(offered).startsWith(wanted)) return true;
  return HANGUL.test(wanted) && keystrokes(offered).startsWith(keystrokes(wanted));
}
