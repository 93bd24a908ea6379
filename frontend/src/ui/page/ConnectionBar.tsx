/** The bar over the timeline after two seconds without any connection. It covers, so that nothing below it moves. */
import { useEffect, useState } from "preact/hooks";
import type { ChatClient, Connection } from "../../core/api";
import { count, t } from "../../i18n";
import type { RoomView } from "./view";

const QUIET_MS = 2_000;
const BACK_SHOWN_MS = 4_000;

export function ConnectionBar({ client, view }: { client: ChatClient; view: RoomView }) {
  const connection = client.connection.value;
  const late = useLate(connection.downSince);
  const [wasOut, setWasOut] = useState(false);
  const connected = connection.downSince === null;
  const down = connection.ended !== null || (!connected && late);

  useEffect(() => {
    if (down) setWasOut(true);
  }, [down]);
  useEffect(() => {
    if (!connected || !wasOut) return undefined;
    const timer = setTimeout(() => setWasOut(false), BACK_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [connected, wasOut]);

  if (down) return <Down client={client} view={view} connection={connection} />;
  if (!connected || !wasOut) return null;
  return (
    <p class="bar back" role="status">
      {t("back_online", { n: count(view.store.caughtUp.value?.count ?? 0) })}
    </p>
  );
}

/** Whether an outage has lasted long enough to be told. */
function useLate(since: number | null): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (since === null) return undefined;
    const timer = setTimeout(() => setLate(true), Math.max(0, QUIET_MS - (Date.now() - since)));
    return () => clearTimeout(timer);
  }, [since]);
  return late;
}

function Down({ client, view, connection }: { client: ChatClient; view: RoomView; connection: Connection }) {
  if (connection.ended !== null) {
    return (
      <p class="bar" role="alert">
        {t("revoked")}{" "}
        <a class="act" href={view.wayBack}>
          {t(view.me?.kind === "guest" ? "enter_again" : "sign_in")}
        </a>
      </p>
    );
  }
  if (!connection.network) return <p class="bar" role="status">{t("offline_bar")}</p>;
  return (
    <p class="bar" role="status">
      <Countdown until={connection.retryAt} />{" "}
      <button type="button" class="act" onClick={() => client.tryNow()}>
        {t("try_now")}
      </button>
    </p>
  );
}

function Countdown({ until }: { until: number | null }) {
  const seconds = (): number => Math.max(0, Math.ceil(((until ?? 0) - Date.now()) / 1000));
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    setLeft(seconds());
    const timer = setInterval(() => setLeft(seconds()), 250);
    return () => clearInterval(timer);
  }, [until]);
  // A live region that counts aloud every second would say nothing else.
  return <span aria-live="off">{left > 0 ? t("down", { n: left }) : t("down_now")}</span>;
}
