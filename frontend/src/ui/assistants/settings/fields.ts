/** The fields of an assistant as they are typed: what is wrong with each, and what is sent. */
import type { Assistant, AssistantFields } from "../../../core/api";
import type { en } from "./words";

type Word = keyof typeof en;

export const NAME_LENGTH = 40;
export const PERSONA_LENGTH = 4_000;
const MOST_TEMPERATURE = 2;
const MILLIONTHS = 1_000_000;

/** Everything as text, as a form has it. */
export interface Typed {
  name: string;
  avatar: string;
  persona: string;
  provider: string;
  model: string;
  temperature: string;
  tools: boolean;
  tokens_per_day: string;
  cost_per_day: string;
}

export type Problems = Partial<Record<keyof Typed, Word>>;

export function typedOf(assistant: Assistant | null, provider: string): Typed {
  const number = (value: number | null | undefined): string => (value == null ? "" : String(value));
  return {
    name: assistant?.name ?? "",
    avatar: assistant?.avatar ?? "",
    persona: assistant?.persona ?? "",
    provider: assistant?.provider ?? provider,
    model: assistant?.model ?? "",
    temperature: number(assistant?.temperature),
    tools: assistant?.tools ?? true,
    tokens_per_day: number(assistant?.tokens_per_day),
    cost_per_day: moneyText(assistant?.cost_per_day ?? null),
  };
}

/** Field by field; empty: it can be sent. */
export function problemsOf(typed: Typed): Problems {
  const problems: Problems = {};
  const name = typed.name.trim();
  if (name === "" || graphemes(name) > NAME_LENGTH) problems.name = "bad_name";
  else if (name.startsWith("@")) problems.name = "bad_name_at";
  if (typed.avatar !== "" && !isColour(typed.avatar) && graphemes(typed.avatar) !== 1) problems.avatar = "bad_avatar";
  if ([...typed.persona].length > PERSONA_LENGTH) problems.persona = "bad_persona";
  const temperature = numberIn(typed.temperature);
  if (temperature !== null && !(temperature >= 0 && temperature <= MOST_TEMPERATURE)) problems.temperature = "bad_temperature";
  return { ...problems, ...problemsOfCaps(typed) };
}

/** Of limits a day; `cost_per_day` in whole money. */
export function problemsOfCaps({ tokens_per_day, cost_per_day }: Pick<Typed, "tokens_per_day" | "cost_per_day">): Problems {
  const problems: Problems = {};
  const tokens = numberIn(tokens_per_day);
  if (tokens !== null && !(Number.isSafeInteger(tokens) && tokens >= 0)) problems.tokens_per_day = "bad_whole";
  const cost = numberIn(cost_per_day);
  if (cost !== null && !(cost >= 0 && cost * MILLIONTHS <= Number.MAX_SAFE_INTEGER)) problems.cost_per_day = "bad_amount";
  return problems;
}

export function capsOf({ tokens_per_day, cost_per_day }: Pick<Typed, "tokens_per_day" | "cost_per_day">): { tokens_per_day: number | null; cost_per_day: number | null } {
  const cost = numberIn(cost_per_day);
  return { tokens_per_day: numberIn(tokens_per_day), cost_per_day: cost === null ? null : Math.round(cost * MILLIONTHS) };
}

/** What is sent of an assistant; its limits are for admins alone. */
export function fieldsOf(typed: Typed, withCaps: boolean): AssistantFields {
  return {
    name: typed.name.trim(),
    avatar: typed.avatar === "" ? null : typed.avatar,
    persona: typed.persona.trim(),
    provider: typed.provider,
    model: typed.model.trim() === "" ? null : typed.model.trim(),
    temperature: numberIn(typed.temperature),
    tools: typed.tools,
    ...(withCaps ? capsOf(typed) : {}),
  };
}

/** Only what differs from what is stored. */
export function changesOf(typed: Typed, stored: Assistant, withCaps: boolean): Partial<AssistantFields> {
  const wanted = fieldsOf(typed, withCaps);
  const entries = Object.entries(wanted).filter(([field, value]) => value !== stored[field as keyof AssistantFields]);
  return Object.fromEntries(entries) as Partial<AssistantFields>;
}

export function moneyText(millionths: number | null): string {
  return millionths === null ? "" : String(millionths / MILLIONTHS);
}

export const isColour = (text: string): boolean => /^#[0-9a-f]{6}$/i.test(text);

export const graphemes = (text: string): number => [...new Intl.Segmenter().segment(text)].length;

/** The number that was typed; null: nothing; NaN: no number. A comma may stand for the point. */
function numberIn(text: string): number | null {
  const clean = text.trim().replace(",", ".");
  return clean === "" ? null : Number(clean);
}
