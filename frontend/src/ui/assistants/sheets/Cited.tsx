/** Messages that something is based on: each leads to its place in the room. */
import type { ReplyTo } from "../../../core/api";
import type { RoomView } from "../../page/view";
import { w } from "./words";

interface CitedProps {
  of: readonly ReplyTo[];
  view: RoomView;
  close: () => void;
}

export function Cited({ of, view, close }: CitedProps) {
  return (
    <ul class="seen">
      {of.map((message) => (
        <li key={message.id}>
          <button
            type="button"
            class="quote"
            onClick={() => {
              close();
              void view.timeline?.show(message.seq);
            }}
          >
            <span class="clip">
              <bdi>{message.sender.name}</bdi>: {message.deleted ? w("gone") : <bdi>{message.excerpt}</bdi>}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
