/** Over the message box: what an assistant wants to do in my name, and waits for my word. */
import { useEffect, useState } from "preact/hooks";
import type { ToolRequest } from "../../../core/api";
import { attempt } from "../../message/actions";
import type { RoomView } from "../../page/view";
import { Avatar } from "../../people/Avatar";
import { sentenceOf } from "./tools";
import { w } from "./words";

export function ToolRequests({ view }: { view: RoomView }) {
  return (
    <>
      {view.store.toolRequests.value.map((request) => (
        <Request key={request.id} request={request} view={view} />
      ))}
    </>
  );
}

function Request({ request, view }: { request: ToolRequest; view: RoomView }) {
  const answer = (approve: boolean): void => void attempt(view.store.answerTool(request.id, approve));
  return (
    <section class="tool-request pop" role="alert" aria-label={w("request", { name: request.assistant.name })}>
      <Avatar user={request.assistant} size={24} look={view.roster.lookOf(request.assistant.id)} />
      <div class="grow">
        <p>
          <b>{w("request", { name: request.assistant.name })}</b> <Left until={Date.parse(request.expires_at)} now={() => view.client.now()} />
        </p>
        <p dir="auto">{sentenceOf(request)}</p>
        <p class="muted small">{w("request_why")}</p>
      </div>
      <div class="answers">
        <button type="button" class="btn" onClick={() => answer(false)}>
          {w("refuse")}
        </button>
        <button type="button" class="btn main" onClick={() => answer(true)}>
          {w("allow")}
        </button>
      </div>
    </section>
  );
}

function Left({ until, now }: { until: number; now: () => number }) {
  const seconds = (): number => Math.max(0, Math.ceil((until - now()) / 1000));
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const timer = setInterval(() => setLeft(seconds()), 1000);
    return () => clearInterval(timer);
  }, [until]);
  // A live region that counts aloud would say nothing else.
  return (
    <span class="muted small" aria-hidden="true">
      {w("left", { s: left })}
    </span>
  );
}
