import type { Row } from "../../core/api";
import { t } from "../../i18n";
import type { RoomView } from "../page/view";
import { nameOf } from "./names";

/** What a message answers; pressing it goes there, and ↩ returns. */
export function Quote({ row, view }: { row: Row; view: RoomView }) {
  const message = row.message.value;
  const quoted = message.reply_to;
  if (!quoted) return null;
  return (
    <button type="button" class="quote" onClick={() => void view.timeline?.show(quoted.seq, message.seq)}>
      {/* A button does not shorten its own text. */}
      <span class="clip">
        {quoted.deleted ? (
          t("quote_deleted")
        ) : (
          <>
            <bdi>{nameOf(view, quoted.sender)}</bdi>: <bdi>{quoted.excerpt}</bdi>
          </>
        )}
      </span>
    </button>
  );
}
