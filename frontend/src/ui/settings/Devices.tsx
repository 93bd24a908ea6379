/** Sessions of this person, to sign out here, there or everywhere. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ChatClient, User } from "../../core/api";
import type { Device } from "../../core/http_shapes";
import { moment, t } from "../../i18n";
import { attempt } from "../message/actions";
import { ask } from "../page/question";

export function Devices({ client, me }: { client: ChatClient; me: User }) {
  const devices = useSignal<readonly Device[]>([]);
  const load = (): void => void attempt(client.http.sessions().then(({ sessions }) => (devices.value = sessions)));
  useEffect(load, []);

  const leave = async (act: Promise<void>): Promise<void> => {
    await attempt(act.then(() => location.assign("/")));
  };
  const everywhere = async (): Promise<void> => {
    if (await ask(t("s_sign_out_all_q"), t("s_sign_out_all"))) await leave(client.http.signOutEverywhere());
  };
  return (
    <section class="panel">
      <h2>{t("s_sessions")}</h2>
      {me.kind === "guest" && <p class="muted small">{t("s_guest")}</p>}
      <ul class="devices">
        {devices.value.map((device) => (
          <li key={device.id}>
            <p class="grow">
              <bdi>{device.label || t(device.kind === "cookie" ? "s_session_browser" : "s_session_app")}</bdi>
              {device.current && ` · ${t("s_session_here")}`}
              <br />
              <span class="muted small">{t("s_session_seen", { t: moment(new Date(device.seen_at)) })}</span>
            </p>
            {device.current ? (
              <button type="button" class="btn" onClick={() => void leave(client.signOut())}>
                {t("s_sign_out_here")}
              </button>
            ) : (
              <button type="button" class="btn" onClick={() => void attempt(client.http.revokeSession(device.id).then(load))}>
                {t("s_sign_out_there")}
              </button>
            )}
          </li>
        ))}
      </ul>
      {devices.value.length > 1 && (
        <button type="button" class="btn danger" onClick={() => void everywhere()}>
          {t("s_sign_out_all")}
        </button>
      )}
    </section>
  );
}
