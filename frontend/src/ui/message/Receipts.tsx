import { useComputed } from "@preact/signals";
import type { Row } from "../../core/api";
import { t } from "../../i18n";
import { Avatar } from "../people/Avatar";
import type { RoomView } from "../page/view";
import { nameOfId } from "./names";
import { facesOf, COUNT_UP_TO, FACES_UP_TO, readersOf } from "./readers";

/** Who has read up to here. It takes no room of its own, so that reading moves nothing. */
export function Receipts({ row, view }: { row: Row; view: RoomView }) {
  const readers = useComputed(() => view.receipts.value.get(row.key) ?? NOBODY).value;
  const size = view.store.info.value?.members_count ?? 0;
  const lastOwn = useComputed(() => view.lastOwn.value === row.key).value;
  if (size > FACES_UP_TO) return lastOwn && size <= COUNT_UP_TO ? <SeenBy row={row} view={view} /> : null;
  if (readers.length === 0) return null;
  const { faces, more } = facesOf(readers);
  const names = readers.map((id) => nameOfId(view, id)).join(", ");
  return (
    <span class="receipts" role="img" aria-label={t("seen_names", { names })} title={t("seen_names", { names })}>
      {faces.map((id) => {
        const user = view.client.person(id).value;
        return user && <Avatar key={id} user={user} size={16} />;
      })}
      {more > 0 && <span class="more">+{more}</span>}
    </span>
  );
}

const NOBODY: readonly string[] = [];

function SeenBy({ row, view }: { row: Row; view: RoomView }) {
  const n = readersOf(view.store.reads.value, row.message.value.seq, view.me?.id ?? "");
  return n === 0 ? null : <span class="receipts">{t("seen_by", { n })}</span>;
}
