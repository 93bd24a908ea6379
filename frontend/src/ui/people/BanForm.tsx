/** Why and for how long somebody is kept out. */
import { useEffect, useRef } from "preact/hooks";
import type { User } from "../../core/api";
import { t } from "../../i18n";

/** Days that are offered; 0: until it is lifted. */
const DAYS = [0, 1, 7, 30] as const;
const REASON = 200;

interface BanFormProps {
  user: User;
  cancel: () => void;
  /** `days` null: until it is lifted. */
  ban: (reason: string, days: number | null) => Promise<void>;
}

export function BanForm({ user, cancel, ban }: BanFormProps) {
  const reason = useRef<HTMLInputElement>(null);
  const days = useRef<HTMLSelectElement>(null);
  useEffect(() => reason.current?.focus(), []);
  return (
    <form
      class="new-room"
      onSubmit={(event) => {
        event.preventDefault();
        void ban(reason.current!.value.trim(), Number(days.current!.value) || null);
      }}
    >
      <p>
        <strong>
          <bdi>{user.name}</bdi>
        </strong>
        <br />
        <span class="muted">{t("ban_hint")}</span>
      </p>
      <label class="field">
        <span>{t("ban_reason")}</span>
        <input ref={reason} class="input" maxLength={REASON} autocomplete="off" />
      </label>
      <label class="field">
        <span>{t("ban_time")}</span>
        <select ref={days} class="input">
          {DAYS.map((n) => (
            <option key={n} value={n}>
              {n === 0 ? t("ban_good") : t("ban_days", { n })}
            </option>
          ))}
        </select>
      </label>
      <div class="answers">
        <button type="button" class="btn" onClick={cancel}>
          {t("cancel")}
        </button>
        <button type="submit" class="btn danger">
          {t("ban")}
        </button>
      </div>
    </form>
  );
}
