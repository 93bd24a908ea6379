/** Keeping order: whom one may ban or make the owner, and who is banned. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { User } from "../../core/api";
import { moment, t } from "../../i18n";
import { attempt } from "../message/actions";
import { Dialog } from "../page/Dialog";
import { closePanel } from "../page/panels";
import { ask } from "../page/question";
import type { Role, RoomView } from "../page/view";
import { Avatar } from "./Avatar";
import { BanForm } from "./BanForm";
import { Moderation, type Ban } from "./moderation";

export function Order({ view }: { view: RoomView }) {
  const { client, store } = view;
  const acts = useMemo(() => new Moderation(client.http, store.slug), [client, store]);
  const bans = useSignal<readonly Ban[]>([]);
  const chosen = useSignal<User | null>(null);
  const load = async (): Promise<void> => {
    await view.loadMembers();
    bans.value = await acts.bans();
  };
  const then = (act: Promise<void>): Promise<unknown> => attempt(act.then(load));
  useEffect(() => void attempt(load()), [acts]);

  const owns = store.role.value === "owner";
  const others = view.members.value.filter(({ user }) => user.id !== view.me?.id && (user.kind === "person" || user.kind === "guest"));
  const handOver = async (user: User): Promise<void> => {
    const room = `#${store.info.peek()?.name ?? store.slug}`;
    if (await ask(t("hand_over_q", { name: user.name, room }), t("hand_over"))) await then(acts.handOver(user));
  };
  // Who lost the right while the dialog is open has nothing to do in it.
  useEffect(() => {
    if (!view.moderates) closePanel();
  }, [view.moderates]);

  return (
    <Dialog kind="card" label={t("order")} close={closePanel}>
      <h2>{t("order")}</h2>
      {chosen.value ? (
        <BanForm
          user={chosen.value}
          cancel={() => (chosen.value = null)}
          ban={async (reason, days) => {
            await then(acts.ban(chosen.value!, reason, days));
            chosen.value = null;
          }}
        />
      ) : (
        <>
          <ul class="found order">
            {others.map(({ user, role }) => (
              <li key={user.id} class="person wide">
                <Name user={user} tag={TAGS[role] && t(TAGS[role])} />
                {owns && (
                  <button type="button" class="btn slim" aria-label={`${t("hand_over")}: ${user.name}`} onClick={() => void handOver(user)}>
                    {t("hand_over")}
                  </button>
                )}
                {role !== "owner" && (owns || role !== "moderator") && (
                  <button type="button" class="btn slim danger" aria-label={t("ban_name", { name: user.name })} onClick={() => (chosen.value = user)}>
                    {t("ban")}
                  </button>
                )}
              </li>
            ))}
          </ul>
          {others.length === 0 && <p class="muted small">{t("order_none")}</p>}
          <h3>{t("bans")}</h3>
          <ul class="found order">
            {bans.value.map(({ user, reason, expires_at }) => (
              <li key={user.id} class="person wide">
                <Name user={user} note={[reason, expires_at && t("ban_until", { t: moment(new Date(expires_at)) })].filter(Boolean).join(" · ")} />
                <button type="button" class="btn slim" aria-label={`${t("unban")}: ${user.name}`} onClick={() => void then(acts.lift(user))}>
                  {t("unban")}
                </button>
              </li>
            ))}
          </ul>
          {bans.value.length === 0 && <p class="muted small">{t("bans_none")}</p>}
          <div class="answers">
            <button type="button" class="btn" onClick={closePanel}>
              {t("close")}
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}

const TAGS = { owner: "role_owner", moderator: "role_moderator", readonly: "role_readonly", member: null } as const satisfies Record<Role, string | null>;

function Name({ user, tag = null, note = "" }: { user: User; tag?: string | null; note?: string }) {
  return (
    <>
      <Avatar user={user} size={24} />
      <span class="grow about">
        <bdi class="clip">{user.name}</bdi>
        {note && <bdi class="muted small">{note}</bdi>}
      </span>
      {tag && <span class="tag plain">{tag}</span>}
    </>
  );
}
