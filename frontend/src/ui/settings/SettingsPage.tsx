/** /settings: who one is, how this browser behaves, and where one is signed in. */
import type { ChatClient } from "../../core/api";
import { t } from "../../i18n";
import { Confirm } from "../page/Confirm";
import { Notices } from "../page/Notices";
import { Choices } from "./Choices";
import { Devices } from "./Devices";
import { NameForm } from "./NameForm";

export function SettingsPage({ client }: { client: ChatClient }) {
  const me = client.me.value;
  return (
    <>
      <main class="entry">
        <h1>{t("settings")}</h1>
        {me && <NameForm client={client} me={me} />}
        <Choices prefs={client.prefs} />
        {me && <Devices client={client} me={me} />}
        <footer class="entry-foot">
          <a href="/">{t("your_rooms")}</a>
        </footer>
      </main>
      <Confirm />
      <Notices />
    </>
  );
}
