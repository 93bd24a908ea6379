/** "What did it see?": the messages, the model, the tokens and the acts behind an answer. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Row, RunReport } from "../../../core/api";
import { asChatError } from "../../../core/errors";
import { reason } from "../../../i18n";
import { Dialog } from "../../page/Dialog";
import type { RoomView } from "../../page/view";
import { closePanel } from "../panels";
import { Cited } from "./Cited";
import { nameOfModel } from "./model";
import { sentenceOf } from "./tools";
import { w } from "./words";

export function Saw({ view, row }: { view: RoomView; row: Row }) {
  const report = useSignal<RunReport | null>(null);
  const problem = useSignal<string | null>(null);
  const { id } = row.message.peek();
  const load = (): void => {
    problem.value = null;
    view.client.http.run(id).then(
      (found) => (report.value = found),
      (thrown: unknown) => {
        const error = asChatError(thrown);
        problem.value = reason(error.code, error.retryAfter);
      },
    );
  };
  useEffect(load, [id]);
  return (
    <Dialog kind="card" label={w("saw")} close={closePanel}>
      <h2>{w("saw")}</h2>
      {problem.value && (
        <p class="note bad" role="alert">
          {problem.value}{" "}
          <button type="button" class="act" onClick={load}>
            {w("try_again")}
          </button>
        </p>
      )}
      {!report.value && !problem.value && <p class="muted">{w("loading")} …</p>}
      {report.value && <Receipt report={report.value} view={view} />}
      <div class="answers">
        <button type="button" class="btn" onClick={closePanel}>
          {w("close")}
        </button>
      </div>
    </Dialog>
  );
}

function Receipt({ report, view }: { report: RunReport; view: RoomView }) {
  // A server that was not restarted since the page came may tell less.
  const { used = [], tools = [], left_out = 0 } = report;
  return (
    <>
      <Facts report={report} />
      {report.truncated && <p class="note warn">{w("truncated")}</p>}
      {tools.length > 0 && (
        <>
          <h3>{w("tools_used")}</h3>
          <ul class="tool-list">
            {tools.map((tool, index) => (
              <li key={index}>
                {sentenceOf(tool)} · <span class="muted">{w(`s_${tool.state}`)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {used.length === 0 ? (
        <p class="muted">{w("nothing_seen")}</p>
      ) : (
        <>
          <h3>{w("messages_seen", { n: used.length })}</h3>
          <Cited of={used} view={view} close={closePanel} />
        </>
      )}
      {left_out > 0 && <p class="muted">{w("left_out", { n: left_out })}</p>}
    </>
  );
}

function Facts({ report }: { report: RunReport }) {
  const { prompt_tokens: read, completion_tokens: written, first_token_ms: first = null, cost = null } = report;
  const model = nameOfModel(report);
  return (
    <dl class="facts">
      <Fact name={w("asker")} value={report.asker.name} />
      {model !== "" && <Fact name={w("model")} value={model} />}
      {report.prompt_version && <Fact name={w("prompt")} value={report.prompt_version} />}
      {(read !== null || written !== null) && <Fact name={w("tokens")} value={w("tokens_n", { a: read ?? "?", b: written ?? "?" })} />}
      {first !== null && <Fact name={w("first")} value={w("seconds", { s: (first / 1000).toFixed(1) })} />}
      {cost !== null && <Fact name={w("cost")} value={money(cost)} />}
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt class="muted">{name}</dt>
      <dd>
        <bdi>{value}</bdi>
      </dd>
    </div>
  );
}

/** Millionths as a number that shows at least two figures of what is small: 0.0012, 0.35, 12.40. */
function money(millionths: number): string {
  const amount = millionths / 1_000_000;
  return amount > 0 && amount < 0.1 ? String(Number(amount.toPrecision(2))) : amount.toFixed(2);
}
