import { afterEach, describe, expect, it } from "vitest";
import type { FailureCode } from "../../src/core/api";
import { ChatError } from "../../src/core/errors";
import * as settings from "../../src/ui/assistants/settings/words";
import * as findings from "../../src/ui/assistants/settings/findings";
import * as sheets from "../../src/ui/assistants/sheets/words";
import { browserLanguage, clock, day, language, reason, t, type Sentences, why } from "../../src/i18n";
import { en } from "../../src/i18n/en";
import { ko } from "../../src/i18n/ko";

const CODES: FailureCode[] = [
  "bad_request", "too_long", "unknown_event", "unauthenticated", "forbidden", "not_found", "conflict", "name_taken",
  "rate_limited", "overloaded", "unavailable", "internal", "network", "ai_misconfigured", "ai_model_missing", "ai_busy",
  "ai_quota", "ai_unavailable", "ai_incomplete", "ai_too_long", "budget_exceeded",
];

const slots = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([slot]) => slot).sort();

afterEach(() => {
  language.value = "en";
});

describe("a sentence", () => {
  it.each([
    ["every page", en, ko],
    ["the sheets about assistants", sheets.en, sheets.ko],
    ["the page of a room's assistants", settings.en, settings.ko],
    ["what is found of a provider", findings.en, findings.ko],
  ] as [string, Sentences, Sentences][])("of %s has the same slots in both languages", (_name, english, korean) => {
    expect(Object.keys(korean).sort()).toEqual(Object.keys(english).sort());
    for (const [key, entry] of Object.entries(english)) {
      const other = typeof entry === "string" ? entry : entry[1];
      expect(slots(korean[key] as string), key).toEqual(slots(other));
    }
  });

  it("follows the language, with its values filled in", () => {
    expect(t("down", { n: 3 })).toBe("Connection lost. Trying again in 3 s.");
    language.value = "ko";
    expect(t("down", { n: 3 })).toBe("연결이 끊겼습니다. 3초 뒤 다시 시도합니다.");
  });

  it("counts in English", () => {
    expect([t("members", { n: 1 }), t("members", { n: 6 })]).toEqual(["1 member", "6 members"]);
  });
});

describe.each(["en", "ko"] as const)("a failure in %s", (tongue) => {
  it("has a sentence of its own for each code", () => {
    language.value = tongue;
    const sentences = CODES.map((code) => reason(code));
    expect(new Set(sentences).size).toBe(CODES.length);
    for (const sentence of sentences) expect(sentence).toMatch(/[.。]$/);
  });

  it("says when to try again", () => {
    language.value = tongue;
    expect(reason("ai_busy", 4.2)).toContain("5");
    expect(reason("rate_limited", 0.2)).toContain("1");
    expect(reason("budget_exceeded", 3600)).toMatch(/\d\d:\d\d/);
  });
});

describe.each([
  ["en", ["your own", "this room's", "this assistant's"]],
  ["ko", ["내 예산", "이 방의 예산", "이 어시스턴트의 예산"]],
] as const)("a budget that is used up, in %s", (tongue, words) => {
  it("is said to be whose it is, where that is known", () => {
    language.value = tongue;
    const refused = (budget: "person" | "room" | "assistant" | null) => why(new ChatError("budget_exceeded", "raw", 3600, null, budget));
    expect(refused(null)).toBe(reason("budget_exceeded", 3600));
    for (const [index, budget] of (["person", "room", "assistant"] as const).entries()) {
      expect(refused(budget)).toContain(reason("budget_exceeded", 3600));
      expect(refused(budget)).toContain(words[index]);
    }
  });
});

describe("the language", () => {
  it("is the first we have of those the browser asks for", () => {
    expect(browserLanguage(["fr-FR", "ko-KR", "en"])).toBe("ko");
    expect(browserLanguage(["en-GB", "ko"])).toBe("en");
    expect(browserLanguage(["fr"])).toBe("en");
  });

  it("writes times its own way", () => {
    const at = new Date(2026, 10, 20, 14, 2);
    expect([clock(at), day(at)]).toEqual(["14:02", "Friday, November 20, 2026"]);
    language.value = "ko";
    expect([clock(at), day(at)]).toEqual(["14:02", "2026년 11월 20일 금요일"]);
  });
});
