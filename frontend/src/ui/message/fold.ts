/** Long messages show their beginning. The rest stays in the page, so that Ctrl+F finds and opens it. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { RefObject } from "preact";
import type { RoomView } from "../page/view";

const PERSON_PX = 480;
const ANSWER_PX = 900;
/** A fold that would hide only a little hides nothing. */
const SLACK_PX = 120;
/** Shorter texts are never that high: they need no look at the layout. */
const LETTERS = 500;
const LINES = 16;

export interface Fold {
  /** How many blocks show whole; null: no fold. */
  readonly shown: number | null;
  /** A single block is higher than the fold: it is cut at this height. */
  readonly cutAt: number | null;
  readonly open: boolean;
  toggle(open: boolean): void;
}

/** Measures the blocks (children of `body`) once they are drawn. */
export function useFold(view: RoomView, key: string, text: string, answer: boolean, body: RefObject<HTMLElement | null>): Fold {
  const [measured, setMeasured] = useState<{ text: string; shown: number | null; cutAt: number | null } | null>(null);
  const [open, setOpen] = useState(() => view.opened.has(key));
  const mayFold = !view.watched.has(key) && (text.length > LETTERS || text.split("\n", LINES + 1).length > LINES);

  useLayoutEffect(() => {
    if (!mayFold || measured?.text === text || !body.current) return;
    setMeasured({ text, ...measure(body.current, answer ? ANSWER_PX : PERSON_PX) });
  }, [mayFold, text]);

  const current = mayFold && measured?.text === text ? measured : null;
  return {
    shown: current?.shown ?? null,
    cutAt: current?.cutAt ?? null,
    open,
    toggle: (on) => {
      if (on) view.opened.add(key);
      else view.opened.delete(key);
      setOpen(on);
    },
  };
}

function measure(body: HTMLElement, limit: number): { shown: number | null; cutAt: number | null } {
  const top = body.getBoundingClientRect().top;
  const blocks = [...body.children];
  const height = (blocks.at(-1)?.getBoundingClientRect().bottom ?? top) - top;
  if (height <= limit + SLACK_PX) return { shown: null, cutAt: null };
  const over = blocks.findIndex((block) => block.getBoundingClientRect().bottom - top > limit);
  // The first block is whole at least, or cut where it stands alone.
  return over === 0 ? { shown: 1, cutAt: limit } : { shown: over, cutAt: null };
}
