import { t } from "../../i18n";
import { nameOf } from "../message/names";
import type { RoomView } from "./view";

/** Who is typing: always there, so that it moves nothing. */
export function TypingLine({ view }: { view: RoomView }) {
  const users = view.store.typing.value;
  const [a, b] = users.map((user) => nameOf(view, user));
  return (
    <p class="typing clip">
      {users.length === 1 && t("typing_1", { a: a! })}
      {users.length === 2 && t("typing_2", { a: a!, b: b! })}
      {users.length > 2 && t("typing_many")}
    </p>
  );
}
