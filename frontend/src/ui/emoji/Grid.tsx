import { useEffect, useState } from "preact/hooks";
import { t } from "../../i18n";
import { allEmoji, findEmoji, type Emoji, type Group } from "./data";

const MOST_FOUND = 64;

interface GridProps {
  choose: (emoji: string) => void;
  /** The height has changed. */
  drawn: () => void;
}

/** All emoji by group, or those whose name was typed. The browser leaves out what is scrolled away. */
export function Grid({ choose, drawn }: GridProps) {
  const [groups, setGroups] = useState<readonly Group[] | "failed" | null>(null);
  const [found, setFound] = useState<readonly Emoji[] | null>(null);

  const load = (): void => {
    setGroups(null);
    allEmoji().then(setGroups, () => setGroups("failed"));
  };
  useEffect(load, []);
  useEffect(drawn, [groups, found]);

  const search = (query: string): void => {
    if (query.trim().length < 2) setFound(null);
    else void findEmoji(query, MOST_FOUND).then(setFound);
  };
  const section = (emojis: readonly Emoji[], key: number) => (
    <div key={key} class="emoji-group">
      {emojis.map((one) => (
        <button key={one.emoji} type="button" class="icon emoji" title={one.name} aria-label={one.name} onClick={() => choose(one.emoji)}>
          {one.emoji}
        </button>
      ))}
    </div>
  );
  return (
    <>
      <input
        class="input"
        type="search"
        placeholder={t("find_emoji")}
        aria-label={t("find_emoji")}
        onInput={(event) => search(event.currentTarget.value)}
      />
      <div class="emoji-grid">
        {groups === "failed" && (
          <p class="small pad" role="alert">
            {t("emoji_failed")}{" "}
            <button type="button" class="act" onClick={load}>
              {t("try_again")}
            </button>
          </p>
        )}
        {found?.length === 0 && <p class="muted small pad">{t("no_emoji")}</p>}
        {found ? section(found, -1) : Array.isArray(groups) && groups.map((group: Group) => section(group.emojis, group.group))}
      </div>
    </>
  );
}
