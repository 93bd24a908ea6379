import type { ReactionCount, Row } from "../../core/api";
import type { RoomView } from "../page/view";
import { toggleReaction } from "./actions";
import { nameOfId } from "./names";

/** Emoji under a message, mine outlined; pressing one puts mine there or takes it away. */
export function Reactions({ row, view }: { row: Row; view: RoomView }) {
  const message = row.message.value;
  if (message.reactions.length === 0) return null;
  return (
    <div class="reactions">
      {message.reactions.map((reaction) => (
        <Chip key={reaction.emoji} reaction={reaction} row={row} view={view} />
      ))}
    </div>
  );
}

function Chip({ reaction, row, view }: { reaction: ReactionCount; row: Row; view: RoomView }) {
  const { emoji, count, users } = reaction;
  const mine = users.includes(view.me?.id ?? "");
  return (
    <button
      type="button"
      class="chip"
      aria-pressed={mine}
      disabled={!view.mayWrite}
      title={users.map((id) => nameOfId(view, id)).join(", ")}
      onClick={() => toggleReaction(view, row, emoji)}
    >
      {emoji} {count}
    </button>
  );
}
