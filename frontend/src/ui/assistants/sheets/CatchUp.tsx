/** "What did I miss?": what was said since one was here, told to oneself alone. Each point leads to its messages. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { CatchUp as Told } from "../../../core/api";
import { asChatError } from "../../../core/errors";
import { catchUp } from "../../../core/http_assistants";
import { why } from "../../../i18n";
import { Markdown } from "../../message/Markdown";
import { Dialog } from "../../page/Dialog";
import type { RoomView } from "../../page/view";
import { closePanel } from "../panels";
import { Cited } from "./Cited";
import { w } from "./words";

/** When nothing is new, these are looked at on request. */
const LATEST = 100;

/** What was told last, by room: going to a message and coming back must not ask the model again. */
const told = new WeakMap<RoomView, Told>();

export function CatchUp({ view }: { view: RoomView }) {
  const answer = useSignal<Told | null>(told.get(view) ?? null);
  const problem = useSignal<string | null>(null);
  const abort = useRef<AbortController | null>(null);

  const ask = (since: number | null): void => {
    abort.current?.abort();
    const asked = (abort.current = new AbortController());
    answer.value = problem.value = null;
    catchUp(view.client.http, view.store.slug, since, asked.signal).then(
      (found) => {
        told.set(view, found);
        void view.roster.loadBudgets();
        if (!asked.signal.aborted) answer.value = found;
      },
      (thrown: unknown) => {
        if (!asked.signal.aborted) problem.value = why(asChatError(thrown));
      },
    );
  };
  // The line stands where one left off; the cursor has moved on by looking.
  const sinceLeft = (): void => ask(view.store.newLine.peek());
  useEffect(() => {
    if (!answer.peek()) sinceLeft();
    return () => abort.current?.abort();
  }, []);

  const last = view.store.last.peek()?.seq ?? 0;
  return (
    <Dialog kind="card" label={w("catch_up")} close={closePanel}>
      <h2>{w("catch_up")}</h2>
      <p class="muted">{w("only_you")}</p>
      {problem.value ? (
        <p class="note bad" role="alert">
          {problem.value}
        </p>
      ) : answer.value ? (
        <Points told={answer.value} view={view} />
      ) : (
        <p class="thinking" role="status">
          {w("reading")}
        </p>
      )}
      <div class="answers">
        {problem.value && (
          <button type="button" class="btn" onClick={sinceLeft}>
            {w("try_again")}
          </button>
        )}
        {answer.value && (
          <button type="button" class="btn" onClick={() => ask(Math.max(0, last - LATEST))}>
            {w("last_n", { n: LATEST })}
          </button>
        )}
        <button type="button" class="btn" onClick={closePanel}>
          {answer.value || problem.value ? w("close") : w("cancel")}
        </button>
      </div>
    </Dialog>
  );
}

function Points({ told, view }: { told: Told; view: RoomView }) {
  if (told.points.length === 0) return <p role="status">{w("nothing_new")}</p>;
  return (
    <div class="points" role="status">
      <ul>
        {told.points.map((point, index) => (
          <li key={index}>
            <Markdown text={point.text} />
            <Cited of={point.messages} view={view} close={closePanel} />
          </li>
        ))}
      </ul>
      <p class="muted">
        {w("looked_at", { n: told.messages })} {told.more && `${w("more")} `}
        {w("by_ai")}
      </p>
    </div>
  );
}
