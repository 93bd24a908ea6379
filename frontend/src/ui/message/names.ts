/** Names as they are now, wherever the message was written. */
import type { User } from "../../core/api";
import { t } from "../../i18n";
import type { RoomView } from "../page/view";

/** The current name of somebody; reads a signal. */
export function nameOf(view: RoomView, user: User): string {
  return view.client.person(user.id).value?.name ?? user.name;
}

/** A name for an id alone: "You" for me, "?" for somebody never seen. */
export function nameOfId(view: RoomView, id: string): string {
  return id === view.me?.id ? t("you") : (view.client.person(id).value?.name ?? "?");
}
