/** Making an assistant, or changing one. What is wrong stands beside its field, before it is sent and after. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Assistant, AssistantFields, Finding, Provider } from "../../../core/api";
import { asChatError } from "../../../core/errors";
import { reason } from "../../../i18n";
import { AvatarField } from "./AvatarField";
import { Field } from "./Field";
import { changesOf, fieldsOf, PERSONA_LENGTH, problemsOf, typedOf, type Problems, type Typed } from "./fields";
import { Trial } from "./Trial";
import { w } from "./words";

interface FormProps {
  /** Null: a new one. */
  assistant: Assistant | null;
  providers: readonly Provider[];
  /** Admins alone choose for all rooms, and set limits. */
  admin: boolean;
  /** Rejects with a ChatError. `forAll`: of the whole installation. */
  save: (fields: AssistantFields | Partial<AssistantFields>, forAll: boolean) => Promise<void>;
  /** Rejects with a ChatError. */
  tryOut: (provider: string, model: string | null) => Promise<readonly Finding[]>;
  cancel: () => void;
}

export function AssistantForm({ assistant, providers, admin, save, tryOut, cancel }: FormProps) {
  const typed = useSignal<Typed>(typedOf(assistant, providers[0]?.name ?? ""));
  const forAll = useSignal(false);
  const problems = useSignal<Problems>({});
  const refusal = useSignal<string | null>(null);
  const saving = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const prefix = `a-${assistant?.id ?? "new"}`;

  useEffect(() => form.current?.querySelector<HTMLElement>("input:not(:disabled), textarea")?.focus(), []);

  const set = <K extends keyof Typed>(field: K, value: Typed[K]): void => {
    typed.value = { ...typed.peek(), [field]: value };
    // What is being mended is no longer wrong until it is sent again.
    if (problems.peek()[field]) problems.value = { ...problems.peek(), [field]: undefined };
  };
  const wrong = (found: Problems): void => {
    problems.value = found;
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  const submit = async (): Promise<void> => {
    const found = problemsOf(typed.peek());
    refusal.value = null;
    if (Object.keys(found).length > 0) return wrong(found);
    saving.value = true;
    try {
      await save(assistant ? changesOf(typed.peek(), assistant, admin) : fieldsOf(typed.peek(), admin), forAll.peek());
    } catch (thrown) {
      const error = asChatError(thrown);
      if (error.code === "name_taken") wrong({ name: "bad_taken" });
      else if (error.code === "conflict" && !assistant) refusal.value = w("bad_too_many");
      else if (error.code === "bad_request") refusal.value = w("bad_form");
      else refusal.value = reason(error.code, error.retryAfter);
    }
    saving.value = false;
  };

  const now = typed.value;
  const said = (field: keyof Typed): string | undefined => {
    const key = problems.value[field];
    return key && w(key);
  };
  const provider = providers.find(({ name }) => name === now.provider);
  const left = PERSONA_LENGTH - [...now.persona].length;
  return (
    <form
      ref={form}
      class="entry-form"
      noValidate
      aria-label={assistant ? w("edit_name", { name: assistant.name }) : w("add")}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.isComposing) cancel();
      }}
    >
      <div class="pair">
        <Field id={`${prefix}-name`} label={w("name")} hint={w("name_hint")} problem={said("name")}>
          {(aria) => (
            <input
              {...aria}
              class="input"
              value={now.name}
              disabled={assistant?.builtin ?? false}
              maxLength={64}
              autocomplete="off"
              dir="auto"
              onInput={(event) => set("name", event.currentTarget.value)}
            />
          )}
        </Field>
        <AvatarField prefix={prefix} value={now.avatar} problem={said("avatar")} set={(value) => set("avatar", value)} />
      </div>
      <Field id={`${prefix}-persona`} label={w("persona")} hint={w("persona_hint")} problem={said("persona")}>
        {(aria) => (
          <>
            <textarea {...aria} class="input" rows={5} value={now.persona} dir="auto" onInput={(event) => set("persona", event.currentTarget.value)} />
            {left < PERSONA_LENGTH / 10 && (
              <p class={`counter${left < 0 ? " over" : ""}`} role="status">
                {left < 0 ? w("over_n", { n: -left }) : w("left_n", { n: left })}
              </p>
            )}
          </>
        )}
      </Field>
      <div class="pair">
        <Field id={`${prefix}-provider`} label={w("provider")}>
          {(aria) => (
            <select {...aria} class="input" onChange={(event) => set("provider", event.currentTarget.value)}>
              {providers.map(({ name, demo }) => (
                <option key={name} value={name} selected={name === now.provider}>
                  {demo ? `${name} (${w("demo")})` : name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          id={`${prefix}-model`}
          label={w("model")}
          hint={provider?.model ? w("model_hint", { model: provider.model }) : w("model_hint_none")}
          problem={said("model")}
        >
          {(aria) => (
            <input
              {...aria}
              class="input"
              value={now.model}
              maxLength={120}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => set("model", event.currentTarget.value)}
            />
          )}
        </Field>
      </div>
      <Trial key={`${now.provider} ${now.model}`} tryOut={() => tryOut(now.provider, now.model.trim() || null)} />
      <Field id={`${prefix}-temperature`} label={w("temperature")} hint={w("temperature_hint")} problem={said("temperature")}>
        {(aria) => (
          <input {...aria} class="input number" inputMode="decimal" value={now.temperature} autocomplete="off" onInput={(event) => set("temperature", event.currentTarget.value)} />
        )}
      </Field>
      <label class="choice">
        <input type="checkbox" checked={now.tools} disabled={provider?.tools === false} onChange={(event) => set("tools", event.currentTarget.checked)} />
        <span>
          {w("tools")}
          <p>{provider?.tools === false ? w("tools_none") : w("tools_hint")}</p>
        </span>
      </label>
      {admin && (
        <>
          <Caps prefix={prefix} typed={now} said={said} set={set} />
          {!assistant && (
            <label class="choice">
              <input type="checkbox" checked={forAll.value} onChange={(event) => (forAll.value = event.currentTarget.checked)} />
              <span>{w("for_all")}</span>
            </label>
          )}
        </>
      )}
      {refusal.value && (
        <p class="note bad" role="alert">
          {refusal.value}
        </p>
      )}
      <div class="answers">
        <button type="button" class="btn" onClick={cancel}>
          {w("cancel")}
        </button>
        <button type="submit" class="btn main" disabled={saving.value}>
          {assistant ? w("save") : w("create")}
        </button>
      </div>
    </form>
  );
}

interface CapsProps {
  prefix: string;
  typed: Pick<Typed, "tokens_per_day" | "cost_per_day">;
  said: (field: keyof Typed) => string | undefined;
  set: (field: "tokens_per_day" | "cost_per_day", value: string) => void;
}

/** Limits a day, in tokens and in money. */
export function Caps({ prefix, typed, said, set }: CapsProps) {
  const fields = [
    ["tokens_per_day", w("tokens_day"), "numeric"],
    ["cost_per_day", w("cost_day"), "decimal"],
  ] as const;
  return (
    <div class="pair">
      {fields.map(([field, label, mode]) => (
        <Field key={field} id={`${prefix}-${field}`} label={label} hint={w("day_hint")} problem={said(field)}>
          {(aria) => (
            <input {...aria} class="input number" inputMode={mode} value={typed[field]} autocomplete="off" onInput={(event) => set(field, event.currentTarget.value)} />
          )}
        </Field>
      ))}
    </div>
  );
}
