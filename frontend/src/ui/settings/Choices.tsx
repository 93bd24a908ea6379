/** Choices of this browser; each is kept at once. */
import type { Signal } from "@preact/signals";
import type { Preferences } from "../../core/api";
import { t } from "../../i18n";

export function Choices({ prefs }: { prefs: Preferences }) {
  return (
    <section class="panel">
      <div class="row">
        <Select
          label={t("s_language")}
          value={prefs.language}
          options={[
            [null, t("s_language_auto")],
            ["ko", "한국어"],
            ["en", "English"],
          ]}
        />
        <Select
          label={t("s_theme")}
          value={prefs.theme}
          options={[
            ["system", t("theme_system")],
            ["light", t("theme_light")],
            ["dark", t("theme_dark")],
          ]}
        />
      </div>
      <Select
        label={t("s_enter")}
        value={prefs.enter}
        options={[
          ["send", t("s_enter_send")],
          ["break", t("s_enter_break")],
        ]}
      />
      <label class="choice">
        <input type="checkbox" checked={prefs.stablePage.value} onChange={(event) => (prefs.stablePage.value = event.currentTarget.checked)} />
        <span>
          {t("s_stable")}
          <p>{t("s_stable_hint")}</p>
        </span>
      </label>
    </section>
  );
}

interface SelectProps<T extends string | null> {
  label: string;
  value: Signal<T>;
  options: readonly (readonly [T, string])[];
}

function Select<T extends string | null>({ label, value, options }: SelectProps<T>) {
  return (
    <label class="field">
      <span>{label}</span>
      <select class="input" onChange={(event) => (value.value = options[event.currentTarget.selectedIndex]![0])}>
        {options.map(([option, words]) => (
          <option key={option} selected={value.value === option}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
