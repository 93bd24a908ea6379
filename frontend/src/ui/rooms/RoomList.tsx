/** One's rooms, those with news in bold. */
import type { ChatClient, RoomSummary } from "../../core/api";
import { count, t } from "../../i18n";
import { go, pathOf, place } from "../page/nav";

export function RoomList({ client }: { client: ChatClient }) {
  const rooms = client.rooms.value;
  if (rooms === null) return null;
  if (rooms.length === 0) return <p class="muted small pad">{t("no_rooms")}</p>;
  return (
    <ul class="rooms">
      {rooms.map((entry) => (
        <Entry key={entry.slug} entry={entry} />
      ))}
    </ul>
  );
}

export function roomTitle({ room }: RoomSummary): string {
  return room.kind === "direct" ? room.name : `#${room.name}`;
}

function Entry({ entry }: { entry: RoomSummary }) {
  const here = place.value?.slug === entry.slug;
  const unread = entry.unread > 0;
  return (
    <li>
      <a
        class={`room${unread ? " unread" : ""}`}
        href={pathOf(entry.slug)}
        aria-current={here ? "page" : undefined}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          go(entry.slug);
        }}
      >
        <bdi class="grow clip">{roomTitle(entry)}</bdi>
        {entry.mentions > 0 ? (
          <span class="badge" aria-label={t("mentions_n", { n: entry.mentions })}>
            @{count(entry.mentions)}
          </span>
        ) : (
          unread && (
            <span class="badge" aria-label={t("unread_n", { n: count(entry.unread) })}>
              {count(entry.unread)}
            </span>
          )
        )}
      </a>
    </li>
  );
}
