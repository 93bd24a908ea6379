/** The page of a room: rooms, timeline with composer, people. */
import { untracked, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { ChatClient } from "../../core/api";
import { t } from "../../i18n";
import { AssistantPanels, Requests } from "../assistants/panels";
import { Composer } from "../composer/Composer";
import { EmojiPanel } from "../emoji/Panel";
import { DeliveryNote } from "../message/Delivery";
import { ActionSheet } from "../message/Sheet";
import { PeoplePanel } from "../people/PeoplePanel";
import { RoomsColumn } from "../rooms/RoomsColumn";
import { Switcher } from "../rooms/Switcher";
import { Timeline } from "../timeline/Timeline";
import { Confirm } from "./Confirm";
import { ConnectionBar } from "./ConnectionBar";
import { Dialog } from "./Dialog";
import { Header } from "./Header";
import { later } from "./later";
import { place } from "./nav";
import { Notices } from "./Notices";
import { panel } from "./panels";
import { listenForShortcuts } from "./shortcuts";
import { SpokenLog } from "./SpokenLog";
import { keepTitle } from "./tab_title";
import { TypingLine } from "./TypingLine";
import type { RoomView } from "./view";
import { Views } from "./views";

const SearchDialog = later<{ view: RoomView }>(() => import("../search/Search").then((module) => module.SearchDialog));
const NewRoom = later<{ client: ChatClient }>(() => import("../rooms/NewRoom").then((module) => module.NewRoom));
const Order = later<{ view: RoomView }>(() => import("../people/Order").then((module) => module.Order));
const AddPeople = later<{ view: RoomView }>(() => import("../people/AddPeople").then((module) => module.AddPeople));

export function RoomPage({ client }: { client: ChatClient }) {
  const views = useMemo(() => new Views(client), [client]);
  const here = place.value;
  const slug = here?.slug ?? null;
  const view = useMemo(() => (slug === null ? null : untracked(() => views.open(slug))), [views, slug]);
  const drawer = useSignal<"rooms" | "people" | null>(null);
  const close = (): void => {
    drawer.value = null;
  };

  useEffect(() => listenForShortcuts(() => view), [view]);
  useEffect(() => view?.roster.follow(), [view]);
  useEffect(() => (view ? keepTitle(client, view) : undefined), [view]);
  useEffect(close, [slug]);

  if (!view) return null;
  const elsewhere = (client.rooms.value ?? []).reduce((sum, room) => sum + (room.slug === view.store.slug ? 0 : room.unread), 0);
  return (
    <>
      <div class="app" data-connection={client.connection.value.state}>
        <nav class="side rooms-side" data-pane="rooms" aria-label={t("rooms")}>
          <RoomsColumn client={client} />
        </nav>
        <main class="room-main">
          <Header
            view={view}
            elsewhere={elsewhere}
            openRooms={() => (drawer.value = "rooms")}
            openPeople={() => (drawer.value = "people")}
          />
          <Room key={view.store.slug} view={view} seq={here?.seq ?? null} />
          <ConnectionBar client={client} view={view} />
          <Notices />
        </main>
        <aside class="side people-side" data-pane="people" aria-label={t("people")}>
          <PeoplePanel key={view.store.slug} view={view} />
        </aside>
      </div>
      {drawer.value === "rooms" && (
        <Dialog kind="drawer" label={t("rooms")} close={close}>
          <RoomsColumn client={client} />
        </Dialog>
      )}
      {drawer.value === "people" && (
        <Dialog kind="drawer right" label={t("people")} close={close}>
          <PeoplePanel view={view} done={close} />
        </Dialog>
      )}
      <Switcher client={client} />
      {panel.value === "search" && <SearchDialog view={view} />}
      {panel.value === "new_room" && <NewRoom client={client} />}
      {panel.value === "add_people" && <AddPeople view={view} />}
      {panel.value === "order" && <Order view={view} />}
      <ActionSheet />
      <AssistantPanels />
      <Confirm />
      <EmojiPanel />
    </>
  );
}

/** What was written and not sent before the room closed: nobody's words vanish with it. */
function Unsent({ view }: { view: RoomView }) {
  const rows = view.store.rows.value.filter((row) => row.delivery.value.state !== "sent");
  if (rows.length === 0) return null;
  return (
    <ul class="unsent">
      {rows.map((row) => (
        <li key={row.key}>
          <p class="plain-text" dir="auto">
            {row.text.value}
          </p>
          <DeliveryNote row={row} view={view} />
        </li>
      ))}
    </ul>
  );
}

function Room({ view, seq }: { view: RoomView; seq: number | null }) {
  if (view.store.status.value === "gone") {
    return (
      <div class="instead wide" role="alert">
        <p>{t("not_open")}</p>
        <Unsent view={view} />
        <a class="btn" href="/">
          {t("your_rooms")}
        </a>
      </div>
    );
  }
  return (
    <>
      <div class="timeline-pane" data-pane="timeline">
        <Timeline view={view} seq={seq} />
      </div>
      <SpokenLog view={view} />
      <div class="lower" data-pane="composer">
        <Requests view={view} />
        <TypingLine view={view} />
        <Composer view={view} />
      </div>
    </>
  );
}
