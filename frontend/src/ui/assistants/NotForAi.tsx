/** "Not for AI": messages that no assistant sees. The mark on a message, and the choice beside the message box. */
import { useRef } from "preact/hooks";
import type { Row } from "../../core/api";
import { t } from "../../i18n";
import { Icon } from "../icon";
import { attempt } from "../message/actions";
import type { RoomView } from "../page/view";

export function NotForAiMark({ row }: { row: Row }) {
  if (!row.message.value.not_for_ai) return null;
  return (
    <span class="edited not-for-ai" title={t("nfa_hint")}>
      <Icon name="hidden" />
      {t("nfa")}
    </span>
  );
}

/** Whether what is in the message box will be kept from assistants. */
function isOn(view: RoomView): boolean {
  return view.notForAi.value || view.store.notForAi.value;
}

/** Over the box while it is on: what it means, and for how long. */
export function NotForAiBanner({ view }: { view: RoomView }) {
  if (!isOn(view) || view.editing.value) return null;
  const always = view.store.notForAi.value;
  const off = (): void => {
    view.notForAi.value = false;
    if (always) void attempt(view.store.keepFromAi(false));
    view.focusComposer();
  };
  return (
    <div class="banner quiet-banner">
      <Icon name="hidden" />
      <span class="grow clip">{always ? t("nfa_always_on") : t("nfa_once_on")}</span>
      <button type="button" class="icon" aria-label={t("nfa_off")} title={t("nfa_off")} onClick={off}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** Opens the choice: this message, or all of mine in this room from now on. */
export function NotForAiButton({ view }: { view: RoomView }) {
  const panel = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  if (!view.roster.can("not_for_ai") || view.assistants.value.length === 0) return null;
  const toggled = (event: Event): void => {
    if ((event as ToggleEvent).newState === "open") put(panel.current!, button.current!);
  };
  const choose = (act: () => void): void => {
    act();
    panel.current?.hidePopover();
    view.focusComposer();
  };
  const once = view.notForAi.value;
  const always = view.store.notForAi.value;
  return (
    <>
      <button
        ref={button}
        type="button"
        class="icon"
        aria-pressed={isOn(view)}
        aria-haspopup="dialog"
        aria-label={t("nfa")}
        title={t("nfa_hint")}
        onClick={() => panel.current?.togglePopover()}
      >
        <Icon name="hidden" />
      </button>
      <div ref={panel} popover="auto" class="pop nfa-panel" role="dialog" aria-label={t("nfa")} onToggle={toggled}>
        <p class="muted small">{t("nfa_hint")}</p>
        <label class="choice">
          <input type="checkbox" checked={once || always} disabled={always} onChange={() => choose(() => (view.notForAi.value = !once))} />
          <span>{t("nfa_once")}</span>
        </label>
        <label class="choice">
          <input type="checkbox" checked={always} onChange={() => choose(() => void attempt(view.store.keepFromAi(!always)))} />
          <span>{t("nfa_always")}</span>
        </label>
      </div>
    </>
  );
}

const GAP_PX = 6;

/** Over the button, inside the window. */
function put(panel: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect();
  panel.style.left = `${Math.max(GAP_PX, Math.min(at.right - panel.offsetWidth, innerWidth - panel.offsetWidth - GAP_PX))}px`;
  panel.style.top = `${Math.max(GAP_PX, at.top - panel.offsetHeight - GAP_PX)}px`;
}
