import { useMemo } from "preact/hooks";
import { t } from "../../i18n";
import { renderMarkdown } from "../text/markdown";
import { langOf } from "./Text";

/** A text that is no message of its own: an earlier version, a preview. */
export function Markdown({ text, class: name = "" }: { text: string; class?: string }) {
  const copy = t("copy");
  const html = useMemo(() => renderMarkdown(text, { words: { copy } }), [text, copy]);
  return <div class={`text md ${name}`} dir="auto" {...langOf(text)} dangerouslySetInnerHTML={{ __html: html }} />;
}
