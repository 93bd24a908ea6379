import { t } from "../../i18n";
import { Avatar } from "../people/Avatar";
import type { Option, Suggester } from "./suggest";

export const optionId = (index: number): string => `suggestion-${index}`;

/** The list over the box. The focus stays in the box: keys move the mark, a press chooses. */
export function Suggestions({ suggester, choose }: { suggester: Suggester; choose: (option: Option) => void }) {
  const shown = suggester.shown.value;
  if (!shown) return null;
  const people = shown.options[0]?.kind === "person";
  return (
    <ul id="suggestions" class="suggestions pop" role="listbox" aria-label={people ? t("mention_list") : t("emoji_list")}>
      {shown.options.map((option, index) => (
        <li
          key={option.key}
          id={optionId(index)}
          role="option"
          class="suggestion"
          aria-selected={index === shown.chosen}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => choose(option)}
        >
          {option.kind === "person" ? (
            <>
              <Avatar user={option.user} size={24} />
              <bdi class="clip">{option.user.name}</bdi>
              {option.user.kind === "assistant" && <span class="tag">{t("ai")}</span>}
            </>
          ) : (
            <>
              <span class="emoji" aria-hidden="true">
                {option.emoji}
              </span>
              <span class="clip">{option.name}</span>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
