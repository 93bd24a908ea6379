/** The right column: who is here, who else belongs here, and the assistants. */
import { useEffect } from "preact/hooks";
import type { User } from "../../core/api";
import { t } from "../../i18n";
import { AssistantList } from "../assistants/AssistantList";
import { Icon } from "../icon";
import { attempt } from "../message/actions";
import { leaveRoom } from "../composer/commands";
import { go } from "../page/nav";
import { panel } from "../page/panels";
import type { RoomView } from "../page/view";

/** More names than these are a list nobody reads. */
const MOST = 200;

export function PeoplePanel({ view, done }: { view: RoomView; done?: () => void }) {
  const { store } = view;
  const direct = store.info.value?.kind === "direct";
  const size = store.info.value?.members_count;
  useEffect(() => {
    if (size !== undefined) void view.loadMembers().catch(() => undefined);
  }, [view, size]);

  if (store.status.value === "gone") return null;
  const here = new Set(store.online.value.map((user) => user.id));
  const me = view.me;
  const people = [...(me ? [me] : []), ...view.people.value].filter((user) => user.kind !== "assistant");
  const isHere = (user: User): boolean => here.has(user.id) || user.id === me?.id;
  const sorted = [...people.filter(isHere), ...people.filter((user) => !isHere(user))];
  return (
    <>
      <div class="side-list">
        <h2 class="side-title">{t("people")}</h2>
        <ul>
          {sorted.slice(0, MOST).map((user) => (
            <Person key={user.id} user={user} here={isHere(user)} view={view} />
          ))}
        </ul>
        {view.assistants.value.length > 0 && <AssistantList view={view} done={done} />}
      </div>
      {!direct && !view.signedOut && (
        <div class="side-foot">
          {store.info.value?.kind === "private" && view.moderates && (
            <button type="button" class="btn" onClick={() => (panel.value = "add_people")}>
              <Icon name="plus" />
              {t("add_people")}
            </button>
          )}
          {view.moderates && (
            <button type="button" class="btn" onClick={() => (panel.value = "order")}>
              <Icon name="gear" />
              {t("order")}
            </button>
          )}
          <button type="button" class="btn" onClick={() => void leaveRoom(view)}>
            <Icon name="leave" />
            {t("leave")}
          </button>
        </div>
      )}
    </>
  );
}

function Person({ user, here, view }: { user: User; here: boolean; view: RoomView }) {
  const name = view.client.person(user.id).value?.name ?? user.name;
  const mine = user.id === view.me?.id;
  return (
    <li class="person">
      <span class={`dot small${here ? " on" : ""}`} role="img" aria-label={here ? t("online") : t("away")} />
      <bdi class="clip">{name}</bdi>
      {user.kind === "guest" && <span class="tag plain">{t("as_guest")}</span>}
      <span class="grow" />
      {!mine && <DirectButton user={user} view={view} />}
    </li>
  );
}

/** To the conversation with somebody; in that conversation it would lead nowhere. */
export function DirectButton({ user, view }: { user: User; view: RoomView }) {
  if (view.signedOut || (view.store.info.value?.kind === "direct" && view.people.value.length === 1)) return null;
  const label = `${t("direct")}: ${user.name}`;
  const open = (): void =>
    void attempt(
      view.client.http.direct([user.id]).then(async ({ room }) => {
        await view.client.loadRooms();
        go(room.slug);
      }),
    );
  return (
    <button type="button" class="icon quiet" aria-label={label} title={label} onClick={open}>
      <Icon name="mail" />
    </button>
  );
}
