import { t } from "../../i18n";
import { Icon } from "../icon";
import { nameOf } from "../message/names";
import type { RoomView } from "../page/view";

/** Over the box: what the message answers, or that it is an edit. */
export function Banner({ view, cancel }: { view: RoomView; cancel: () => void }) {
  const message = view.replyTo.value;
  const editing = view.editing.value;
  if (!message && !editing) return null;
  return (
    <div class="banner">
      <Icon name={editing ? "edit" : "reply"} />
      <span class="grow clip">
        {editing ? t("editing") : message && t("replying_to", { name: nameOf(view, message.sender) })}
        {message && <bdi class="muted"> {message.body.slice(0, 200)}</bdi>}
      </span>
      <button type="button" class="icon" aria-label={t("cancel")} title={t("cancel")} onClick={cancel}>
        <Icon name="close" />
      </button>
    </div>
  );
}
