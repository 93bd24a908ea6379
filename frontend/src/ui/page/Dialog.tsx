/** A layer over the page: dialog, drawer or sheet. Escape, Back and a press outside close it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { openLayer } from "./nav";

interface DialogProps {
  kind: "card" | "drawer" | "drawer right" | "sheet";
  label: string;
  close: () => void;
  children: ComponentChildren;
}

export function Dialog({ kind, label, close, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  // The newest `close` without opening a new layer for each.
  const closing = useRef(close);
  closing.current = close;
  // A press that began elsewhere (the long one that opened this) does not close when it ends here.
  const pressed = useRef<EventTarget | null>(null);

  useEffect(() => {
    const element = dialog.current!;
    const returnTo = document.activeElement;
    element.showModal();
    const closed = openLayer(() => closing.current());
    return () => {
      closed();
      element.close();
      if (returnTo instanceof HTMLElement && returnTo.isConnected) returnTo.focus({ preventScroll: true });
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      class={kind}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown={(event) => {
        pressed.current = event.target;
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget && pressed.current === event.target) close();
      }}
    >
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}
