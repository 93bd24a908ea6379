/** Bringing people into a room that is not open to everybody: those one knows from one's other rooms. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { asChatError, type User } from "../../core";
import { reason, t } from "../../i18n";
import { Dialog } from "../page/Dialog";
import { closePanel } from "../page/panels";
import type { RoomView } from "../page/view";
import { matchPeople } from "../text/mentions";
import { Avatar } from "./Avatar";

/** Of so many rooms, the ones with the latest news, the members are offered. */
const ROOMS = 12;
const MOST = 50;

export function AddPeople({ view }: { view: RoomView }) {
  const known = useSignal<readonly User[] | null>(null);
  const typed = useSignal("");
  const problem = useSignal<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    void acquaintances(view).then((people) => (known.value = people));
  }, [view]);

  const here = new Set([view.me?.id, ...view.people.value.map(({ id }) => id)]);
  const left = (known.value ?? []).filter(({ id }) => !here.has(id));
  const offered = typed.value.trim() === "" ? left.slice(0, MOST) : matchPeople(left, typed.value.trim(), MOST);
  const add = async (user: User): Promise<void> => {
    problem.value = null;
    try {
      await view.client.http.setMember(view.store.slug, user.id);
      await view.loadMembers();
    } catch (thrown) {
      const error = asChatError(thrown);
      problem.value = reason(error.code, error.retryAfter);
    }
  };
  return (
    <Dialog kind="card" label={t("add_people")} close={closePanel}>
      <h2>{t("add_people")}</h2>
      <input
        ref={input}
        class="input"
        type="search"
        autocomplete="off"
        placeholder={t("s_name")}
        aria-label={t("add_people_find")}
        onInput={(event) => (typed.value = event.currentTarget.value)}
      />
      <ul class="found">
        {offered.map((user) => (
          <li key={user.id} class="person wide">
            <Avatar user={user} size={24} />
            <bdi class="grow clip">{user.name}</bdi>
            {user.kind === "guest" && <span class="tag plain">{t("as_guest")}</span>}
            <button type="button" class="btn slim" aria-label={`${t("add")}: ${user.name}`} onClick={() => void add(user)}>
              {t("add")}
            </button>
          </li>
        ))}
      </ul>
      {known.value !== null && offered.length === 0 && <p class="muted small">{t("add_people_none")}</p>}
      {problem.value && (
        <p class="note bad" role="alert">
          {problem.value}
        </p>
      )}
      <div class="answers">
        <button type="button" class="btn" onClick={closePanel}>
          {t("close")}
        </button>
      </div>
    </Dialog>
  );
}

/** The people of one's rooms, by name. */
async function acquaintances(view: RoomView): Promise<User[]> {
  const rooms = (view.client.rooms.peek() ?? []).filter(({ slug }) => slug !== view.store.slug).slice(0, ROOMS);
  const lists = await Promise.allSettled(rooms.map(({ slug }) => view.client.http.members(slug)));
  const people = new Map<string, User>();
  for (const list of lists) {
    if (list.status !== "fulfilled") continue;
    for (const { user } of list.value.members) if (user.kind === "person" || user.kind === "guest") people.set(user.id, user);
  }
  return [...people.values()].sort((a, b) => a.name.localeCompare(b.name));
}
