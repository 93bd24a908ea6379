import type { Row } from "../../core/api";
import { t } from "../../i18n";
import { AT_HAND } from "../emoji/picker";
import { Icon } from "../icon";
import { Dialog } from "../page/Dialog";
import type { RoomView } from "../page/view";
import { actionsFor, toggleReaction, type Action } from "./actions";
import { sheet } from "./pressed";
import { act, LOOKS } from "./Toolbar";

/** The actions of a message, one under the other, with emoji above them. */
export function ActionSheet() {
  const open = sheet.value;
  if (!open) return null;
  const { view, row } = open;
  const close = (): void => {
    sheet.value = null;
  };
  const actions = actionsFor(view, row);
  const choose = (action: Action): void => {
    close();
    const host = document.querySelector<HTMLElement>(`.item[data-key="${CSS.escape(row.key)}"] .msg`);
    // The sheet's own leaving gives the focus back; what the action focuses comes after it.
    if (host) requestAnimationFrame(() => act(action, view, row, host));
  };
  return (
    <Dialog kind="sheet" label={t("actions")} close={close}>
      {actions.includes("react") && <Emojis row={row} view={view} close={close} more={() => choose("react")} />}
      <ul class="sheet-list">
        <li>
          <button type="button" class="sheet-act" onClick={() => selectText(close, row)}>
            <Icon name="text" />
            {t("select_text")}
          </button>
        </li>
        {actions
          .filter((action) => action !== "react")
          .map((action) => (
            <li key={action}>
              <button type="button" class={`sheet-act${action === "delete" ? " danger" : ""}`} onClick={() => choose(action)}>
                <Icon name={LOOKS[action].icon} />
                {t(LOOKS[action].label)}
              </button>
            </li>
          ))}
      </ul>
    </Dialog>
  );
}

function Emojis({ row, view, close, more }: { row: Row; view: RoomView; close: () => void; more: () => void }) {
  return (
    <div class="sheet-emoji">
      {AT_HAND.map((emoji) => (
        <button
          key={emoji}
          type="button"
          class="icon emoji"
          aria-label={emoji}
          onClick={() => {
            close();
            toggleReaction(view, row, emoji);
          }}
        >
          {emoji}
        </button>
      ))}
      <button type="button" class="icon" aria-label={t("more_emoji")} onClick={more}>
        <Icon name="plus" />
      </button>
    </div>
  );
}

/** Selects the text of a message, for the handles of the system to take over. */
function selectText(close: () => void, row: Row): void {
  close();
  requestAnimationFrame(() => {
    const text = document.querySelector(`.item[data-key="${CSS.escape(row.key)}"] .text`);
    if (text) document.getSelection()?.selectAllChildren(text);
  });
}
