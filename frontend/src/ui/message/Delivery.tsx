/** How far a message of mine has come. */
import { useComputed } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Row } from "../../core/api";
import { reason, t, why } from "../../i18n";
import { Icon } from "../icon";
import type { RoomView } from "../page/view";

/** A message that is through sooner shows nothing of the way. */
const CLOCK_AFTER_MS = 600;

export function DeliveryNote({ row, view }: { row: Row; view: RoomView }) {
  const delivery = row.delivery.value;
  if (delivery.state === "sent") return <SavingNote row={row} view={view} />;
  if (delivery.state === "failed") {
    return (
      <p class="delivery failed" role="alert">
        {t("failed", { reason: reason(delivery.code, delivery.retryAfter) })}{" "}
        <button type="button" class="act" onClick={() => view.store.retry(row.key)}>
          {t("retry")}
        </button>
        {" · "}
        <button type="button" class="act" onClick={() => view.store.discard(row.key)}>
          {t("delete")}
        </button>
      </p>
    );
  }
  if (view.signedOut) return <p class="delivery failed">{view.me?.kind === "guest" ? t("failed", { reason: t("revoked") }) : t("waiting_signed_out")}</p>;
  return <Clock since={delivery.since} words={delivery.state === "waiting" ? t("waiting") : t("sending")} />;
}

/** A change of a message is on its way: its old text shows until it is stored. */
function SavingNote({ row, view }: { row: Row; view: RoomView }) {
  const since = useComputed(() => view.saving.value.get(row)).value;
  return since === undefined ? null : <Clock since={since} words={t("saving")} />;
}

function Clock({ since, words }: { since: number; words: string }) {
  const [late, setLate] = useState(() => Date.now() - since >= CLOCK_AFTER_MS);
  useEffect(() => {
    if (late) return undefined;
    const timer = setTimeout(() => setLate(true), CLOCK_AFTER_MS - (Date.now() - since));
    return () => clearTimeout(timer);
  }, [since, late]);
  if (!late) return null;
  return (
    <p class="delivery">
      <Icon name="clock" />
      {words}
    </p>
  );
}

/** Why no assistant will answer this message: told to me alone, who asked. */
export function RefusalNote({ row, view }: { row: Row; view: RoomView }) {
  const refusal = useComputed(() => view.store.refusals.value.get(row.message.value.id) ?? null).value;
  if (!refusal) return null;
  const hidden = refusal.code === "forbidden" && row.message.value.not_for_ai;
  return (
    <p class="delivery failed" role="alert">
      {hidden ? t("nfa_once_on") : why(refusal)} <span class="muted">{t("only_you")}</span>
    </p>
  );
}
