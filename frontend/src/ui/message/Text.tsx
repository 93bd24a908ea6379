/** The text of a message as blocks of HTML; a long one folded. Blocks that stay the same keep their nodes. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../../i18n";
import type { RoomView } from "../page/view";
import { HANGUL } from "../text/hangul";
import { useFold } from "./fold";
import { memo } from "./memo";
import { isEmojiOnly } from "./rendering";

/** One block that we rendered from Markdown: see text/markdown.ts for why its HTML is safe. */
const Block = memo(function Block({ html }: { html: string }) {
  return <div class="block" dangerouslySetInnerHTML={{ __html: html }} />;
});

const Blocks = ({ of, from = 0, to = of.length }: { of: readonly string[]; from?: number; to?: number }) => (
  <>
    {of.slice(from, to).map((html, index) => (
      <Block key={index} html={html} />
    ))}
  </>
);

export const langOf = (text: string): { lang?: string } => (HANGUL.test(text) ? { lang: "ko" } : {});

interface TextProps {
  view: RoomView;
  /** Of the row: what was opened stays open. */
  name: string;
  text: string;
  blocks: readonly string[];
  answer: boolean;
}

export function Text({ view, name, text, blocks, answer }: TextProps) {
  const body = useRef<HTMLDivElement>(null);
  const fold = useFold(view, name, text, answer, body);
  if (isEmojiOnly(text)) return <div class="text big">{text}</div>;
  const folded = fold.shown !== null && !fold.open;
  const cut = folded && fold.cutAt !== null;
  return (
    <>
      <div
        ref={body}
        class={`text md${cut ? " cut" : ""}`}
        dir="auto"
        {...langOf(text)}
        style={cut ? { maxHeight: `${fold.cutAt}px` } : {}}
        onScroll={cut ? () => fold.toggle(true) : undefined}
      >
        <Blocks of={blocks} to={fold.shown ?? blocks.length} />
      </div>
      {fold.shown !== null && (
        <>
          <Rest text={text} folded={folded} onFound={() => fold.toggle(true)}>
            <Blocks of={blocks} from={fold.shown} />
          </Rest>
          <button type="button" class="act fold" aria-expanded={fold.open} onClick={() => fold.toggle(!fold.open)}>
            {fold.open ? t("show_less") : t("show_all")}
          </button>
        </>
      )}
    </>
  );
}

interface RestProps {
  text: string;
  folded: boolean;
  onFound: () => void;
  children: ComponentChildren;
}

/** What a fold hides: the browser's search still finds it, and opens it. */
function Rest({ text, folded, onFound, children }: RestProps) {
  const rest = useRef<HTMLDivElement>(null);
  // `until-found` is an attribute that the DOM property of the same name cannot say.
  useLayoutEffect(() => {
    if (folded) rest.current?.setAttribute("hidden", "until-found");
    else rest.current?.removeAttribute("hidden");
  }, [folded]);
  useEffect(() => {
    const element = rest.current;
    element?.addEventListener("beforematch", onFound);
    return () => element?.removeEventListener("beforematch", onFound);
  });
  return (
    <div ref={rest} class="text md rest" dir="auto" {...langOf(text)}>
      {children}
    </div>
  );
}
