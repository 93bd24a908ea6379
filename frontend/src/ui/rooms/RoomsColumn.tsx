/** The left column: rooms, and under them who one is, the theme and the connection. */
import type { ChatClient } from "../../core/api";
import { t } from "../../i18n";
import { Icon } from "../icon";
import { Avatar } from "../people/Avatar";
import { ConnectionDot } from "../page/ConnectionDot";
import { panel } from "../page/panels";
import { ThemeButton } from "../page/ThemeButton";
import { RoomList } from "./RoomList";
import { switching } from "./switching";

export function RoomsColumn({ client }: { client: ChatClient }) {
  const me = client.me.value;
  return (
    <>
      <div class="side-head">
        <h2 class="grow">{t("rooms")}</h2>
        <button type="button" class="icon" aria-label={t("find_room")} title={`${t("find_room")} · Ctrl+K`} onClick={() => (switching.value = true)}>
          <Icon name="search" />
        </button>
        {client.connection.value.ended === null && (
          <button type="button" class="icon" aria-label={t("new_room")} title={t("new_room")} onClick={() => (panel.value = "new_room")}>
            <Icon name="plus" />
          </button>
        )}
      </div>
      <div class="side-list">
        <RoomList client={client} />
      </div>
      <div class="me">
        {me && (
          <div class="me-row">
            <Avatar user={me} size={24} />
            <bdi class="grow clip">{me.name}</bdi>
            <ThemeButton client={client} />
            <a class="icon" href="/settings" aria-label={t("settings")} title={t("settings")}>
              <Icon name="gear" />
            </a>
          </div>
        )}
        <ConnectionDot client={client} />
      </div>
    </>
  );
}
