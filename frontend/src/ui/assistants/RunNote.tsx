/** The state of an answer, under its text: waiting, thinking, stop, how it ended, its versions. */
import { useEffect, useState } from "preact/hooks";
import type { FailureCode, Row } from "../../core/api";
import { reason, t } from "../../i18n";
import { attempt, goOn, mayGoOn, mayRedo, mayStop, regenerate, stop } from "../message/actions";
import { nameOf } from "../message/names";
import type { RoomView } from "../page/view";
import { thinkingSince } from "./thinking";
import { Versions } from "./Versions";
import { secondsToWait } from "./waiting";

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
      return <Writing row={row} view={view} />;
    case "stopped":
      return (
        <div class="run muted">
          <span class="outcome">{run.stopped_by ? t("stopped_by", { u: nameOf(view, run.stopped_by) }) : t("stopped")}</span>
          <WaysOn row={row} view={view} />
          <Versions row={row} view={view} />
        </div>
      );
    case "failed":
    case "interrupted":
      return (
        // What had failed before the page was there is read by walking through it.
        <div class="run broken" role={row.wasRunning ? "alert" : undefined}>
          <span class="outcome">{status === "interrupted" ? t("e_ai_incomplete") : <Failure key={run.attempt} row={row} code={run.error ?? "ai_unavailable"} />}</span>{" "}
          <WaysOn row={row} view={view} />
          <Versions row={row} view={view} />
        </div>
      );
    case "done":
      return run.versions > 1 ? (
        <div class="run muted">
          <span class="outcome">{t("asked_by", { u: nameOf(view, run.asker) })}</span>
          <Versions row={row} view={view} />
        </div>
      ) : null;
  }
}

function Queued({ row, view, ahead }: NoteProps & { ahead: number }) {
  return (
    <div class="run muted">
      <span class="outcome">{ahead === 0 ? t("queued_next") : t("queued", { n: ahead })}</span>
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

function Writing({ row, view }: NoteProps) {
  const tool = row.tool.value;
  return (
    <div class="run">
      {tool !== null && <span class="thinking tool">{t(tool === "search_room" ? "searching" : "using_tool")}</span>}
      {tool === null && row.text.value === "" && <Thinking since={thinkingSince(row, view.client.now())} now={() => view.client.now()} />}
      {mayStop(view, row) && (
        <button type="button" class="btn slim stop" onClick={() => stop(view, row)}>
          <span class="square" aria-hidden="true" />
          {t("stop")}
        </button>
      )}
    </div>
  );
}

function Thinking({ since, now }: { since: number; now: () => number }) {
  const seconds = () => Math.max(0, Math.floor((now() - since) / 1000));
  const [shown, setShown] = useState(seconds);
  useEffect(() => {
    const timer = setInterval(() => setShown(seconds()), 1000);
    return () => clearInterval(timer);
  }, [since]);
  return <span class="thinking">{t("thinking", { s: shown })}</span>;
}

/** Why it failed, and after how long to try again for as long as that is ahead. Who listens is told once: with the alert. */
function Failure({ row, code }: { row: Row; code: FailureCode }) {
  const left = () => secondsToWait(row, performance.now());
  const [shown, setShown] = useState(left);
  const waits = shown !== null;
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(() => setShown(left()), 1000);
    return () => clearInterval(timer);
  }, [waits]);
  return <span aria-live="off">{reason(code, shown)}</span>;
}

/** Continue · Regenerate, for those who may. */
function WaysOn({ row, view }: NoteProps) {
  if (!mayRedo(view, row)) return null;
  return (
    <span class="ways">
      {mayGoOn(view, row) && (
        <>
          <button type="button" class="act" onClick={() => goOn(view, row)}>
            {t("continue")}
          </button>
          {" · "}
        </>
      )}
      <button type="button" class="act" onClick={() => regenerate(view, row)}>
        {t("regenerate")}
      </button>
    </span>
  );
}
