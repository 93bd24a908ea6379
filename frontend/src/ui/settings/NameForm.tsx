import { useSignal } from "@preact/signals";
import type { ChatClient, User } from "../../core/api";
import { asChatError } from "../../core/errors";
import { reason, t } from "../../i18n";
import { notify } from "../page/notice";

export function NameForm({ client, me }: { client: ChatClient; me: User }) {
  const problem = useSignal<string | null>(null);
  const save = async (form: HTMLFormElement): Promise<void> => {
    problem.value = null;
    try {
      await client.http.rename(String(new FormData(form).get("name")));
      notify(t("saved"));
    } catch (thrown) {
      const error = asChatError(thrown);
      problem.value = error.code === "bad_request" ? t("e_bad_name") : reason(error.code, error.retryAfter);
    }
  };
  return (
    <form
      class="entry-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save(event.currentTarget);
      }}
    >
      <label class="field">
        <span>{t("s_name")}</span>
        <input class="input" name="name" defaultValue={me.name} maxLength={40} autocomplete="nickname" dir="auto" required />
      </label>
      {problem.value && (
        <p class="note bad" role="alert">
          {problem.value}
        </p>
      )}
      <button type="submit" class="btn main">
        {t("save")}
      </button>
    </form>
  );
}
