/** The middle of the room: the list, and what floats over it. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../../i18n";
import { toClipboard } from "../message/actions";
import { openSheet } from "../message/pressed";
import type { RoomView } from "../page/view";
import { Chips } from "./Chips";
import { TimelineController } from "./controller";
import { Edge, Start } from "./Edges";
import { onLongPress } from "./press";
import { copyWithNames, hostOf, keyOf } from "./selection";

interface TimelineProps {
  view: RoomView;
  /** A message to show first, from the address. */
  seq: number | null;
}

export function Timeline({ view, seq }: TimelineProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const sizer = useRef<HTMLDivElement>(null);
  const day = useRef<HTMLDivElement>(null);
  const controller = useSignal<TimelineController | null>(null);
  const name = view.store.info.value?.name ?? view.store.slug;

  // Not a plain effect: those end after the elements have left the page, and with them the place to remember.
  useLayoutEffect(() => {
    const elements = { scroller: scroller.current!, sizer: sizer.current!, day: day.current! };
    const made = new TimelineController(view, elements);
    controller.value = made;
    const stop = listen(view, elements.scroller, elements.sizer, made);
    return () => {
      stop();
      made.close();
    };
  }, [view]);

  useEffect(() => {
    if (seq !== null) void controller.value?.show(seq);
  }, [view, seq]);

  // A feed without an article is none.
  const feed = view.store.rows.value.length > 0 && {
    role: "feed" as const,
    "aria-label": t("of_room", { room: name }),
    "aria-busy": view.store.older.value === "loading",
  };
  return (
    <section class="timeline" aria-label={t("timeline")}>
      <div ref={scroller} class="scroller" tabIndex={0} onFocus={(event) => enter(event, controller.value)}>
        <div ref={sizer} class="sizer" {...feed} />
      </div>
      <div class="tab-stop" tabIndex={0} onFocus={() => controller.value?.focus(null)} />
      <div class="day-holder" aria-hidden="true">
        <div ref={day} class="day-pill" hidden />
      </div>
      <Start view={view} />
      <Edge view={view} />
      {controller.value && <Chips view={view} timeline={controller.value} />}
    </section>
  );
}

/** Tab comes to the timeline as a whole; the row that had the focus last takes it. */
function enter(event: FocusEvent, controller: TimelineController | null): void {
  if (event.target === event.currentTarget) controller?.focus(null);
}

function listen(view: RoomView, scroller: HTMLElement, sizer: HTMLElement, controller: TimelineController): () => void {
  const hover = (event: Event): void => {
    if ((event as PointerEvent).pointerType !== "touch") view.active.value = keyOf(event.target as Node) ?? view.active.peek();
  };
  const leave = (): void => {
    view.active.value = keyOf(document.activeElement);
  };
  const focus = (event: Event): void => {
    const key = keyOf(event.target as Node);
    controller.focused(key);
    if (key !== null) view.active.value = key;
  };
  const blur = (event: FocusEvent): void => {
    if (event.relatedTarget instanceof Node && !scroller.contains(event.relatedTarget)) view.active.value = null;
  };
  const key = (event: KeyboardEvent): void => {
    if (event.key === "Tab") tab(event, scroller, view);
    else if (event.key === "Escape") escape(event, view);
    else if (controller.key(event)) event.preventDefault();
  };
  const copy = (event: ClipboardEvent): void => copyWithNames(event, sizer, controller.list);
  const click = (event: Event): void => {
    const button = (event.target as Element).closest("[data-copy-code]");
    const code = button?.closest(".code")?.querySelector("code")?.textContent;
    if (code != null) void toClipboard(code);
  };
  const unpress = onLongPress(scroller, (target) => {
    const key = keyOf(target);
    const row = key === null ? undefined : controller.list.items[controller.list.indexOf(key)]?.row;
    if (row) openSheet(view, row);
  });
  const listeners: [string, EventListener][] = [
    ["pointerover", hover],
    ["pointerleave", leave],
    ["focusin", focus],
    ["focusout", blur as EventListener],
    ["keydown", key as EventListener],
    ["copy", copy as EventListener],
    ["click", click],
  ];
  for (const [name, listener] of listeners) scroller.addEventListener(name, listener);
  return () => {
    unpress();
    for (const [name, listener] of listeners) scroller.removeEventListener(name, listener);
  };
}

/** Tab goes through the controls of the row that has the focus, then on to the message box: the timeline is one stop. */
function tab(event: KeyboardEvent, scroller: HTMLElement, view: RoomView): void {
  const host = hostOf(event.target as Node);
  if (!host) return;
  const stops = [...host.querySelectorAll<HTMLElement>(".msg, a[href], button:not(:disabled), [tabindex='0']")];
  const next = stops[stops.indexOf(event.target as HTMLElement) + (event.shiftKey ? -1 : 1)];
  if (next) {
    event.preventDefault();
    next.focus();
  } else if (!event.shiftKey) {
    event.preventDefault();
    view.focusComposer();
  } else {
    // Back out through the upper edge: the browser goes on from the scroller itself.
    scroller.tabIndex = -1;
    scroller.focus({ preventScroll: true });
    scroller.tabIndex = 0;
  }
}

function escape(event: KeyboardEvent, view: RoomView): void {
  view.store.clearNewLine();
  const host = hostOf(event.target as Node);
  const row = host?.querySelector<HTMLElement>(".msg");
  if (row && row !== event.target) row.focus();
  else view.focusComposer();
}
