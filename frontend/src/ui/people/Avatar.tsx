import type { User } from "../../core/api";
import { hueOf, initials } from "./face";

export type AvatarSize = 36 | 24 | 16;

/** A person's face: round, an assistant's square. It repeats the name beside it, so readers of screens do not hear it. */
export function Avatar({ user, size = 36 }: { user: User; size?: AvatarSize }) {
  const letters = initials(user.name);
  const text = size === 16 ? ([...letters].at(-1) ?? "") : letters;
  const kind = user.kind === "assistant" ? " ai" : "";
  return (
    <span class={`avatar s${size} hue-${hueOf(user.id)}${kind}`} aria-hidden="true">
      {text}
    </span>
  );
}
