import type { ChatClient } from "../../core/api";
import { t } from "../../i18n";

/** The state of the connection in one dot and one word. */
export function ConnectionDot({ client }: { client: ChatClient }) {
  const { state } = client.connection.value;
  return (
    <p class={`link ${state}`}>
      <span class={`dot${state === "offline" ? "" : " on"}`} aria-hidden="true" />
      <span class="muted">{t(state)}</span>
    </p>
  );
}
