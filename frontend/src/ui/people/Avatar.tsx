import type { User } from "../../core/api";
import { hueOf, initials, inkOn } from "./face";

export type AvatarSize = 36 | 24 | 16;

interface AvatarProps {
  user: User;
  size?: AvatarSize;
  /** What an assistant was given: an emoji, or a colour (#rrggbb). */
  look?: string | null;
}

/** A person's face: round, an assistant's square. It repeats the name beside it, so readers of screens do not hear it. */
export function Avatar({ user, size = 36, look = null }: AvatarProps) {
  const kind = user.kind === "assistant" ? " ai" : "";
  if (look !== null && !look.startsWith("#")) {
    return (
      <span class={`avatar s${size}${kind} emoji-face`} aria-hidden="true">
        {look}
      </span>
    );
  }
  const letters = initials(user.name);
  const text = size === 16 ? ([...letters].at(-1) ?? "") : letters;
  return (
    <span class={`avatar s${size} hue-${hueOf(user.id)}${kind}`} style={look === null ? {} : { background: look, color: inkOn(look) }} aria-hidden="true">
      {text}
    </span>
  );
}
