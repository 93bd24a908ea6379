/** What a person wrote, and what an assistant writes: the latter grows, at most one drawing a frame. */
import { effect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Message, Row } from "../../core/api";
import type { RoomView } from "../page/view";
import { GrowingText, withCursor } from "../text/blocks";
import { blocksOf, renderingOf } from "./rendering";
import { Text } from "./Text";

interface BodyProps {
  row: Row;
  view: RoomView;
}

export function Body({ row, view }: BodyProps) {
  const message = row.message.value;
  const text = row.text.value;
  const blocks = blocksOf(message, text, view.me?.id ?? null, message.id === "" ? view.people.value : []);
  return <Text view={view} name={row.key} text={text} blocks={blocks} answer={false} />;
}

export function grows({ status }: Message): boolean {
  return status === "streaming" || status === "thinking" || status === "queued";
}

/** The same component while it grows and when it is done, so that finished blocks keep their nodes over the end. */
export function AnswerBody({ row, view }: BodyProps) {
  const message = row.message.value;
  const growing = grows(message);
  const lately = useTextByFrame(row);
  const attempt = message.run?.attempt ?? 0;
  const parser = useMemo(() => new GrowingText(renderingOf(row.message.peek(), "", view.me?.id ?? null, [])), [row, attempt]);
  // Before the text is drawn: what grows is never folded.
  if (growing) view.watched.add(row.key);

  const text = growing ? lately : row.text.value;
  if (text === "") return null;
  const blocks = growing ? lit(parser.blocks(text)) : blocksOf(message, text, view.me?.id ?? null, []);
  return <Text view={view} name={row.key} text={text} blocks={blocks} answer />;
}

/** The blocks with the cursor in the last one. */
function lit(blocks: string[]): string[] {
  const last = blocks.length - 1;
  return blocks.map((html, index) => (index === last ? withCursor(html) : html));
}

/** The text of a row, followed frame by frame however often it is set. */
function useTextByFrame(row: Row): string {
  const [text, setText] = useState(() => row.text.peek());
  const frame = useRef(0);
  useEffect(() => {
    const stop = effect(() => {
      row.text.value;
      if (frame.current !== 0) return;
      frame.current = requestAnimationFrame(() => {
        frame.current = 0;
        setText(row.text.peek());
      });
    });
    return () => {
      stop();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [row]);
  return text;
}
