/** The message box, with what stands around it: what is answered or edited, suggestions, the counter. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../../i18n";
import { NotForAiBanner, NotForAiButton } from "../assistants/NotForAi";
import { openEmoji } from "../emoji/picker";
import { Icon } from "../icon";
import { pressOf } from "../page/keys";
import type { RoomView } from "../page/view";
import { Banner } from "./Banner";
import { actOf, inOpenFence, roomLeft } from "./keys";
import { Suggestions, optionId } from "./Suggestions";
import { Writer } from "./writer";

/** Until the server's greeting tells. */
const USUAL_LIMIT = 4_000;

const onTouch = matchMedia("(pointer: coarse)");

export function Composer({ view }: { view: RoomView }) {
  const element = useRef<HTMLTextAreaElement>(null);
  const writer = useMemo(() => new Writer(view), [view]);
  const left = useSignal<number | null>(null);
  const empty = useSignal(true);
  const limit = view.client.hello.value?.limits.body ?? USUAL_LIMIT;
  const info = view.store.info.value;
  const room = info?.kind === "direct" ? info.name : `#${info?.name ?? view.store.slug}`;

  const over = (): boolean => left.value !== null && left.value < 0;

  const changed = (): void => {
    const text = element.current!.value;
    left.value = roomLeft(text, limit);
    empty.value = text.trim() === "";
    writer.changed();
  };

  useLayoutEffect(() => {
    writer.open(element.current!, changed);
    return () => writer.close();
  }, [writer]);

  const press = (event: KeyboardEvent): void => {
    if (view.signedOut) return;
    const box = element.current!;
    const act = actOf(pressOf(event), {
      enter: view.client.prefs.enter.peek(),
      touch: onTouch.matches,
      inFence: inOpenFence(box.value, box.selectionStart),
      empty: box.value === "",
      listOpen: writer.suggester.shown.peek() !== null,
      hasBanner: view.editing.peek() !== null || view.replyTo.peek() !== null,
    });
    if (act === null) {
      if (event.key === "Escape" && !event.isComposing) view.store.clearNewLine();
      return;
    }
    event.preventDefault();
    if (act !== "send" || !over()) writer.do(act);
  };

  const signedOut = view.signedOut;
  if (!signedOut && !view.mayWrite) return <p class="composer note muted">{t("read_only")}</p>;
  const suggestions = writer.suggester.shown.value;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        if (!view.signedOut) writer.send();
      }}
    >
      <NotForAiBanner view={view} />
      <Banner view={view} cancel={() => writer.do("close_banner")} />
      <div class="box">
        <Suggestions suggester={writer.suggester} choose={(option) => writer.choose(option)} />
        <textarea
          ref={element}
          rows={1}
          name="body"
          enterkeyhint={onTouch.matches ? "enter" : "send"}
          placeholder={t("write_to", { room })}
          aria-label={t("write_to", { room })}
          // What is written stays in sight, and is kept for the next visit.
          readOnly={signedOut}
          aria-autocomplete="list"
          aria-controls={suggestions ? "suggestions" : undefined}
          aria-activedescendant={suggestions ? optionId(suggestions.chosen) : undefined}
          onInput={changed}
          onKeyDown={press}
          onClick={() => writer.look()}
          onBlur={() => writer.blurred()}
        />
        {left.value !== null && (
          <span class={`counter${over() ? " over" : ""}`} role="status">
            {over() ? t("over_n", { n: -left.value }) : t("left_n", { n: left.value })}
          </span>
        )}
        <NotForAiButton view={view} />
        <button
          type="button"
          class="icon"
          aria-label={t("emoji")}
          title={t("emoji")}
          disabled={signedOut}
          onClick={(event) => openEmoji(event.currentTarget, (emoji) => writer.insert(emoji))}
        >
          <Icon name="smile" />
        </button>
        <button
          type="submit"
          class="icon send"
          disabled={empty.value || over() || signedOut}
          aria-label={t("send")}
          title={t("send")}
          // The box keeps the focus, and a phone its keyboard.
          onPointerDown={(event) => event.preventDefault()}
        >
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
