/** The words of the interface. `t` reads a signal, so what is rendered with it follows a change of language by itself. */
import { signal } from "@preact/signals";
import type { BudgetScope, ChatError, FailureCode } from "../core/errors";
import { en, type Key } from "./en";
import { ko } from "./ko";

export type Language = "en" | "ko";
export type { Key };

type Params = Readonly<Record<string, string | number>>;

export const language = signal<Language>("en");

/** What the browser asks for, of what we have. */
export function browserLanguage(wanted: readonly string[] = navigator.languages): Language {
  for (const tag of wanted) {
    if (tag.startsWith("ko")) return "ko";
    if (tag.startsWith("en")) return "en";
  }
  return "en";
}

/** Sentences of one language by key; a pair is [one, other], chosen by `n`. */
export type Sentences<K extends string = string> = Readonly<Record<K, string | readonly [string, string]>>;

/** Makes the function that says the sentence of a key in the current language, with {names} filled in. */
export function wordsOf<K extends string>(english: Sentences<K>, korean: Sentences<K>): (key: K, params?: Params) => string {
  return (key, params) => {
    const entry = (language.value === "ko" ? korean : english)[key];
    const text = typeof entry === "string" ? entry : entry[params?.["n"] === 1 ? 0 : 1];
    return params ? fill(text, params) : text;
  };
}

/** The words of every page. What is loaded later brings its own. */
export const t = wordsOf<Key>(en, ko);

/** Replaces each {name}; a name without a value stays, so that a mistake is seen. */
export function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** Why something did not happen, for people. Never the server's own text: that is English and for logs. */
export function reason(code: FailureCode, retryAfter: number | null = null): string {
  if (retryAfter !== null) {
    const n = Math.max(1, Math.ceil(retryAfter));
    if (code === "ai_busy") return t("e_ai_busy_n", { n });
    if (code === "rate_limited") return t("e_rate_limited_n", { n });
    if (code === "budget_exceeded") return t("e_budget_exceeded_t", { t: clock(new Date(Date.now() + n * 1000)) });
  }
  return t(REASONS[code] ?? "e_internal");
}

/** The same of a refusal, which may know more: whose budget it is, and who can help. */
export function why({ code, retryAfter, budget }: ChatError): string {
  const said = reason(code, retryAfter);
  return budget === null ? said : `${said} ${t(WHOSE[budget])}`;
}

const WHOSE: Record<BudgetScope, Key> = {
  person: "budget_of_person",
  room: "budget_of_room",
  assistant: "budget_of_assistant",
};

const REASONS: Record<FailureCode, Key> = {
  bad_request: "e_bad_request",
  too_long: "e_too_long",
  unknown_event: "e_unknown_event",
  unauthenticated: "e_unauthenticated",
  forbidden: "e_forbidden",
  not_found: "e_not_found",
  conflict: "e_conflict",
  name_taken: "e_name_taken",
  rate_limited: "e_rate_limited",
  overloaded: "e_overloaded",
  unavailable: "e_unavailable",
  internal: "e_internal",
  network: "e_network",
  ai_misconfigured: "e_ai_misconfigured",
  ai_model_missing: "e_ai_model_missing",
  ai_busy: "e_ai_busy",
  ai_quota: "e_ai_quota",
  ai_unavailable: "e_ai_unavailable",
  ai_incomplete: "e_ai_incomplete",
  ai_too_long: "e_ai_too_long",
  budget_exceeded: "e_budget_exceeded",
};

type Format = "clock" | "day" | "moment";

const FORMATS: Record<Format, Intl.DateTimeFormatOptions> = {
  clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { year: "numeric", month: "long", day: "numeric", weekday: "long" },
  moment: { year: "numeric", month: "long", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
};

// A formatter costs more to make than to use a thousand times.
const formatters = new Map<string, Intl.DateTimeFormat>();

function format(kind: Format, at: Date): string {
  const name = `${language.value}:${kind}`;
  let formatter = formatters.get(name);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(language.value, FORMATS[kind]);
    formatters.set(name, formatter);
  }
  return formatter.format(at);
}

/** 14:02 */
export const clock = (at: Date): string => format("clock", at);
/** Friday, November 20, 2026 · 2026년 11월 20일 금요일 */
export const day = (at: Date): string => format("day", at);
/** Day and clock, for titles and lists. */
export const moment = (at: Date): string => format("moment", at);

/** 3 as "3", 120 as "99+": how the interface writes counts. */
export function count(n: number, most = 99): string {
  return n > most ? `${most}+` : String(n);
}
