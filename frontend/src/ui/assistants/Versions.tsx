/** Earlier texts of an answer that was made again: ‹2/3›. */
import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Row } from "../../core/api";
import { t } from "../../i18n";
import { Icon } from "../icon";
import type { RoomView } from "../page/view";
import { attempt } from "../message/actions";
import { Markdown } from "../message/Markdown";

interface Shown {
  /** From 1; the current text is the last. */
  readonly number: number;
  readonly bodies: readonly string[];
}

export function Versions({ row, view }: { row: Row; view: RoomView }) {
  const shown = useMemo(() => signal<Shown | null>(null), [row]);
  const total = row.message.value.run?.versions ?? 1;
  if (total < 2) return null;
  const number = Math.min(shown.value?.number ?? total, total);
  const show = async (next: number): Promise<void> => {
    const bodies = shown.peek()?.bodies ?? (await view.client.http.versions(row.message.peek().id)).versions.map((version) => version.body);
    shown.value = next >= total ? null : { number: next, bodies };
  };
  const older = shown.value?.bodies[number - 1];
  return (
    <>
      <span class="versions" role="group" aria-label={t("versions", { i: number, n: total })}>
        <button type="button" class="icon" disabled={number === 1} aria-label={t("version_older")} onClick={() => void attempt(show(number - 1))}>
          <Icon name="back" />
        </button>
        {number}/{total}
        <button type="button" class="icon" disabled={number === total} aria-label={t("version_newer")} onClick={() => void attempt(show(number + 1))}>
          <Icon name="next" />
        </button>
      </span>
      {older !== undefined && <Markdown text={older} class="older" />}
    </>
  );
}
