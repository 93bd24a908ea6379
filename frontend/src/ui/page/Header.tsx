import { count, t } from "../../i18n";
import { Icon } from "../icon";
import type { RoomView } from "./view";

interface HeaderProps {
  view: RoomView;
  /** On a narrow page the columns are drawers, opened from here. */
  openRooms: () => void;
  openPeople: () => void;
  /** Unread messages in other rooms: the button to them says so. */
  elsewhere: number;
}

export function Header({ view, openRooms, openPeople, elsewhere }: HeaderProps) {
  const info = view.store.info.value;
  const name = info?.name ?? view.store.slug;
  return (
    <header class="header">
      <button
        type="button"
        class="icon for-rooms"
        aria-label={elsewhere > 0 ? `${t("rooms")}: ${t("unread_n", { n: count(elsewhere) })}` : t("rooms")}
        onClick={openRooms}
      >
        <Icon name="menu" />
        {elsewhere > 0 && <span class="pip" />}
      </button>
      <h1 class="title clip">
        <bdi>{info?.kind === "direct" ? name : `#${name}`}</bdi>
      </h1>
      {info && (
        <p class="clip muted small">
          {t("members", { n: view.size })} · {t("online_n", { n: view.store.onlineCount.value })}
        </p>
      )}
      <span class="grow" />
      <button type="button" class="icon for-people" aria-label={t("people")} title={t("people")} onClick={openPeople}>
        <Icon name="people" />
      </button>
    </header>
  );
}
