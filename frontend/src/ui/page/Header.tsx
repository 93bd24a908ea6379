import { count, t } from "../../i18n";
import { Icon } from "../icon";
import { panel } from "./panels";
import type { RoomView } from "./view";

function whoIsHere(view: RoomView): string {
  return `${t("members", { n: view.size })} · ${t("online_n", { n: view.store.onlineCount.value })}`;
}

/** A conversation of two says how the other is, not how many there are. */
function withWhom(view: RoomView): string {
  const [other, ...more] = view.people.value;
  if (other === undefined) return "";
  if (more.length > 0) return whoIsHere(view);
  if (other.kind === "assistant") return view.roster.isDemo(other.id) ? t("demo") : t("ai");
  return view.store.online.value.some(({ id }) => id === other.id) ? t("online") : t("away");
}

interface HeaderProps {
  view: RoomView;
  /** On a narrow page the columns are drawers, opened from here. */
  openRooms: () => void;
  openPeople: () => void;
  /** Unread messages in other rooms: the button to them says so. */
  elsewhere: number;
}

export function Header({ view, openRooms, openPeople, elsewhere }: HeaderProps) {
  // Of a room that is not open to me, or no longer, nothing is told but its address.
  const gone = view.store.status.value === "gone";
  const info = gone ? null : view.store.info.value;
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
      {info && <p class="clip muted small">{info.kind === "direct" ? withWhom(view) : whoIsHere(view)}</p>}
      <span class="grow" />
      {!gone && (
        <button type="button" class="icon" aria-label={t("search")} title={`${t("search")} · Ctrl+Shift+F`} onClick={() => (panel.value = "search")}>
          <Icon name="search" />
        </button>
      )}
      {!gone && (
        <button type="button" class="icon for-people" aria-label={t("people")} title={t("people")} onClick={openPeople}>
          <Icon name="people" />
        </button>
      )}
    </header>
  );
}
