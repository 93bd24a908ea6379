/** What stands for an assistant: the letters of its name, an emoji, or a colour. */
import { Field } from "./Field";
import { isColour } from "./fields";
import { w } from "./words";

interface AvatarFieldProps {
  prefix: string;
  /** Empty: letters; an emoji; or #rrggbb. */
  value: string;
  problem: string | undefined;
  set: (value: string) => void;
}

const FIRST_COLOUR = "#6a3fb5";
const FIRST_EMOJI = "🤖";

export function AvatarField({ prefix, value, problem, set }: AvatarFieldProps) {
  const kind = value === "" ? "none" : isColour(value) || value.startsWith("#") ? "colour" : "emoji";
  return (
    <Field id={`${prefix}-avatar`} label={w("avatar")} hint={w("avatar_hint")} problem={problem}>
      {(aria) => (
        <div class="avatar-field">
          <select
            id={aria.id}
            aria-describedby={aria["aria-describedby"]}
            class="input"
            onChange={(event) => set({ none: "", emoji: FIRST_EMOJI, colour: FIRST_COLOUR }[event.currentTarget.value as typeof kind])}
          >
            {(["none", "emoji", "colour"] as const).map((one) => (
              <option key={one} value={one} selected={one === kind}>
                {w(`avatar_${one}`)}
              </option>
            ))}
          </select>
          {kind === "emoji" && (
            <input
              class="input short"
              aria-label={w("avatar_emoji")}
              aria-invalid={aria["aria-invalid"]}
              value={value}
              autocomplete="off"
              onInput={(event) => set(event.currentTarget.value || " ")}
            />
          )}
          {kind === "colour" && (
            <input class="input short" type="color" aria-label={w("avatar_colour")} value={value} onInput={(event) => set(event.currentTarget.value)} />
          )}
        </div>
      )}
    </Field>
  );
}
