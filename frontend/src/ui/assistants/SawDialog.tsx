/** "What did it see?": the messages, the model and the tokens behind an answer. */
import { t } from "../../i18n";
import { Dialog } from "../page/Dialog";
import { seen, type Seen } from "./saw";

export function SawDialog() {
  const shown = seen.value;
  if (!shown) return null;
  const close = (): void => {
    seen.value = null;
  };
  return (
    <Dialog kind="card" label={t("saw")} close={close}>
      <h2>{t("saw")}</h2>
      <Facts seen={shown} />
      <Context seen={shown} close={close} />
      <div class="answers">
        <button type="button" class="btn" onClick={close}>
          {t("close")}
        </button>
      </div>
    </Dialog>
  );
}

function Facts({ seen: { report } }: { seen: Seen }) {
  const tokens = report.prompt_tokens != null || report.completion_tokens != null;
  return (
    <dl class="facts">
      {report.model && <Fact name={t("saw_model")} value={report.model} />}
      {report.prompt_version && <Fact name={t("saw_prompt")} value={report.prompt_version} />}
      {tokens && <Fact name={t("saw_tokens")} value={t("saw_tokens_n", { a: report.prompt_tokens ?? 0, b: report.completion_tokens ?? 0 })} />}
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt class="muted small">{name}</dt>
      <dd>
        <bdi>{value}</bdi>
      </dd>
    </div>
  );
}

/** The messages that were in the model's window; those that are loaded show their beginning and lead there. */
function Context({ seen: { view, report }, close }: { seen: Seen; close: () => void }) {
  const ids = report.context ?? [];
  if (ids.length === 0) return <p class="muted small">{t("saw_nothing")}</p>;
  return (
    <>
      <h3>
        {t("saw_messages")} · {ids.length}
      </h3>
      <ol class="seen">
        {ids.map((id) => {
          const row = view.store.rowOf(id);
          const message = row?.message.value;
          const seq = message?.seq;
          if (!message || seq === undefined) return null;
          return (
            <li key={id}>
              <button
                type="button"
                class="quote"
                onClick={() => {
                  close();
                  void view.timeline?.show(seq);
                }}
              >
                <span class="clip">
                  <bdi>{message.sender.name}</bdi>: <bdi>{message.body.slice(0, 120)}</bdi>
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </>
  );
}
