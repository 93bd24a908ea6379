/** What stands where there are no messages: at the upper end of what is loaded, and instead of everything. */
import { useEffect, useState } from "preact/hooks";
import { t } from "../../i18n";
import type { RoomView } from "../page/view";

/** Grey rows come only when loading takes longer than this. */
const PATIENCE_MS = 150;
const GREY_ROWS = 6;

/** Loading, failed, or empty: instead of the list. */
export function Start({ view }: { view: RoomView }) {
  const { store } = view;
  if (store.rows.value.length > 0) return null;
  if (store.status.value === "loading") return <GreyRows />;
  if (store.status.value === "failed") return <Failed retry={() => store.reload()} />;
  if (store.status.value === "gone") return null;
  return (
    <div class="instead">
      <p class="muted">{t("empty", { a: view.assistants.value[0]?.name ?? "assistant" })}</p>
    </div>
  );
}

function GreyRows() {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="instead grey" aria-busy="true" aria-label={t("loading")}>
      {shown && Array.from({ length: GREY_ROWS }, (_, index) => <div key={index} class={`grey-row n${index % 3}`} />)}
    </div>
  );
}

function Failed({ retry }: { retry: () => void }) {
  return (
    <div class="instead" role="alert">
      <p>
        {t("load_failed")}{" "}
        <button type="button" class="act" onClick={retry}>
          {t("try_again")}
        </button>
      </p>
    </div>
  );
}

/** Over an edge of the list, when the messages beyond it do not come. */
export function Edge({ view }: { view: RoomView }) {
  const { older, newer, rows, status } = view.store;
  if (rows.value.length === 0) return null;
  if (status.value === "failed") return <EdgeFailed at="top" retry={() => view.store.reload()} />;
  if (older.value === "failed") return <EdgeFailed at="top" retry={() => void view.store.loadOlder()} />;
  if (newer.value === "failed") return <EdgeFailed at="end" retry={() => void view.store.loadNewer()} />;
  return null;
}

function EdgeFailed({ at, retry }: { at: "top" | "end"; retry: () => void }) {
  return (
    <div class={`edge ${at} pop`} role="alert">
      {t("load_failed")}{" "}
      <button type="button" class="act" onClick={retry}>
        {t("try_again")}
      </button>
    </div>
  );
}
