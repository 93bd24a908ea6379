/** A long press on a touch screen. */
const LONG_MS = 450;
const SLACK_PX = 10;

/** Calls `pressed` with what was pressed; a scroll, a second finger or lifting before the time does nothing. Returns the end of it. */
export function onLongPress(scroller: HTMLElement, pressed: (target: Element) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let from = { x: 0, y: 0 };

  const cancel = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const down = (event: PointerEvent): void => {
    cancel();
    if (event.pointerType !== "touch" || !event.isPrimary) return;
    from = { x: event.clientX, y: event.clientY };
    const target = event.target as Element;
    timer = setTimeout(() => {
      timer = undefined;
      pressed(target);
    }, LONG_MS);
  };
  const move = (event: PointerEvent): void => {
    if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLACK_PX) cancel();
  };
  // The system's own menu would come up over ours.
  const menu = (event: Event): void => {
    if (timer !== undefined || (event as PointerEvent).pointerType === "touch") event.preventDefault();
  };

  const listeners: [string, (event: never) => void][] = [
    ["pointerdown", down],
    ["pointermove", move],
    ["pointerup", cancel],
    ["pointercancel", cancel],
    ["contextmenu", menu],
  ];
  for (const [name, listener] of listeners) scroller.addEventListener(name, listener as EventListener);
  scroller.addEventListener("scroll", cancel, { passive: true });
  return () => {
    cancel();
    for (const [name, listener] of listeners) scroller.removeEventListener(name, listener as EventListener);
    scroller.removeEventListener("scroll", cancel);
  };
}
