/** The commands of the message box: /help /stop /invite /leave. */
import { t } from "../../i18n";
import { attempt, mayStop, toClipboard } from "../message/actions";
import { grows } from "../message/Body";
import { ask } from "../page/question";
import { departFrom, pathOf } from "../page/nav";
import { notify } from "../page/notice";
import type { RoomView } from "../page/view";
import type { Command } from "./keys";

export async function run(command: Command, view: RoomView): Promise<void> {
  switch (command) {
    case "help":
      notify(t("cmd_help"));
      return;
    case "stop":
      return stopLast(view);
    case "invite":
      await toClipboard(location.origin + pathOf(view.store.slug));
      notify(t("cmd_invited"));
      return;
    case "leave":
      return leaveRoom(view);
  }
}

/** The newest answer that is being written and that this person may stop. */
export async function stopLast(view: RoomView): Promise<void> {
  const row = view.store.rows.peek().findLast((candidate) => grows(candidate.message.peek()) && mayStop(view, candidate));
  if (!row) notify(t("cmd_nothing_to_stop"));
  else await attempt(view.store.stop(row.message.peek().id));
}

export async function leaveRoom(view: RoomView): Promise<void> {
  const { me, store, client } = view;
  const room = `#${store.info.peek()?.name ?? store.slug}`;
  const unsent = store.rows.peek().some(({ delivery }) => delivery.peek().state !== "sent");
  const question = t("leave_q", { room }) + (unsent ? ` ${t("leave_unsent")}` : "");
  if (!me || !(await ask(question, t("leave")))) return;
  await attempt(
    client.http.removeMember(store.slug, me.id).then(() => {
      client.leave(store.slug);
      departFrom(store.slug, me.id);
    }),
  );
}
