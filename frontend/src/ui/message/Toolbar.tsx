/** The actions of a message, over its upper edge while the pointer or the focus is on it. */
import { useComputed } from "@preact/signals";
import type { Row } from "../../core/api";
import { t, type Key } from "../../i18n";
import { openPanel } from "../assistants/panels";
import { openEmoji } from "../emoji/picker";
import { Icon, type IconName } from "../icon";
import type { RoomView } from "../page/view";
import { actionsFor, copyLink, copyText, edit, keepFromAi, regenerate, remove, reply, toggleReaction, type Action } from "./actions";

export const LOOKS: Record<Action, { readonly icon: IconName; readonly label: Key }> = {
  react: { icon: "smile", label: "react" },
  reply: { icon: "reply", label: "reply" },
  copy: { icon: "copy", label: "copy" },
  link: { icon: "link", label: "copy_link" },
  edit: { icon: "edit", label: "edit" },
  not_for_ai: { icon: "hidden", label: "nfa" },
  delete: { icon: "trash", label: "delete" },
  regenerate: { icon: "retry", label: "regenerate" },
  saw: { icon: "eye", label: "saw" },
};

/** Does an action. `from`: the button, beside which a list of emoji opens. */
export function act(action: Action, view: RoomView, row: Row, from: HTMLElement): void {
  switch (action) {
    case "react":
      openEmoji(from, (emoji) => toggleReaction(view, row, emoji));
      break;
    case "reply":
      reply(view, row);
      break;
    case "copy":
      copyText(row);
      break;
    case "link":
      copyLink(row);
      break;
    case "edit":
      edit(view, row);
      break;
    case "not_for_ai":
      keepFromAi(view, row);
      break;
    case "delete":
      void remove(view, row);
      break;
    case "regenerate":
      regenerate(view, row);
      break;
    case "saw":
      openPanel({ kind: "saw", view, row });
      break;
  }
}

export function Toolbar({ row, view }: { row: Row; view: RoomView }) {
  const shown = useComputed(() => view.active.value === row.key).value;
  if (!shown) return null;
  const actions = actionsFor(view, row);
  if (actions.length === 0) return null;
  return (
    <div class="toolbar pop" role="group" aria-label={t("actions")}>
      {actions.map((action) => (
        <button
          key={action}
          type="button"
          class="icon"
          aria-label={t(LOOKS[action].label)}
          title={t(LOOKS[action].label)}
          onClick={(event) => act(action, view, row, event.currentTarget)}
        >
          <Icon name={LOOKS[action].icon} />
        </button>
      ))}
    </div>
  );
}
