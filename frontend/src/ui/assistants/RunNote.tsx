/** The state of an answer, under its text: waiting, thinking, stop, how it ended, its versions. */
import { useEffect, useState } from "preact/hooks";
import type { Row } from "../../core/api";
import { reason, t } from "../../i18n";
import type { RoomView } from "../page/view";
import { attempt, mayRedo, mayStop, regenerate, stop } from "../message/actions";
import { nameOf } from "../message/names";
import { Versions } from "./Versions";

interface NoteProps {
  row: Row;
  view: RoomView;
}

export function RunNote({ row, view }: NoteProps) {
  const { status, run } = row.message.value;
  if (status === undefined || !run) return null;
  switch (status) {
    case "queued":
      return <Queued row={row} view={view} ahead={Math.max(0, (run.position ?? 1) - 1)} />;
    case "thinking":
    case "streaming":
      return (
        <div class="run">
          {row.text.value === "" && <Thinking since={row.message.value.created_at} now={() => view.client.now()} />}
          {mayStop(view, row) && (
            <button type="button" class="btn slim stop" onClick={() => stop(view, row)}>
              <span class="square" aria-hidden="true" />
              {t("stop")}
            </button>
          )}
        </div>
      );
    case "stopped":
      return (
        <div class="run muted">
          {run.stopped_by ? t("stopped_by", { u: nameOf(view, run.stopped_by) }) : t("stopped")}
          <Versions row={row} view={view} />
        </div>
      );
    case "failed":
    case "interrupted":
      return <Broken row={row} view={view} />;
    case "done":
      return run.versions > 1 ? (
        <div class="run">
          <Versions row={row} view={view} />
        </div>
      ) : null;
  }
}

function Queued({ row, view, ahead }: NoteProps & { ahead: number }) {
  return (
    <div class="run muted">
      {ahead === 0 ? t("queued_next") : t("queued", { n: ahead })}
      {mayStop(view, row) && (
        <>
          {" · "}
          <button type="button" class="act" onClick={() => void attempt(view.store.stop(row.message.peek().id))}>
            {t("cancel")}
          </button>
        </>
      )}
    </div>
  );
}

function Thinking({ since, now }: { since: string; now: () => number }) {
  const seconds = () => Math.max(0, Math.floor((now() - Date.parse(since)) / 1000));
  const [shown, setShown] = useState(seconds);
  useEffect(() => {
    const timer = setInterval(() => setShown(seconds()), 1000);
    return () => clearInterval(timer);
  }, [since]);
  return <span class="thinking">{t("thinking", { s: shown })}</span>;
}

function Broken({ row, view }: NoteProps) {
  const { status, run } = row.message.value;
  const code = run?.error ?? (status === "interrupted" ? "ai_incomplete" : "ai_unavailable");
  return (
    <div class="run broken" role="alert">
      {status === "interrupted" ? t("e_ai_incomplete") : reason(code)}{" "}
      {mayRedo(view, row) && (
        <button type="button" class="act" onClick={() => regenerate(view, row)}>
          {t("regenerate")}
        </button>
      )}
      <Versions row={row} view={view} />
    </div>
  );
}
