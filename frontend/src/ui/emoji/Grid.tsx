import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../i18n";
import { pressOf } from "../page/keys";
import { allEmoji, findEmoji, type Emoji, type Group } from "./data";
import { type Arrow, isArrow, neighbour } from "./walk";

const MOST_FOUND = 64;
/** As .emoji-group of styles/panels.css. */
const COLUMNS = 7;

interface GridProps {
  choose: (emoji: string) => void;
  /** The height has changed. */
  drawn: () => void;
}

/**
 * All emoji by group, or those whose name was typed. The browser leaves out what is scrolled away. For the keyboard the
 * grid is one stop: arrows walk in it, from the search box too.
 */
export function Grid({ choose, drawn }: GridProps) {
  const [groups, setGroups] = useState<readonly Group[] | "failed" | null>(null);
  const [found, setFound] = useState<readonly Emoji[] | null>(null);

  const load = (): void => {
    setGroups(null);
    allEmoji().then(setGroups, () => setGroups("failed"));
  };
  const input = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  useEffect(load, []);
  useEffect(drawn, [groups, found]);
  useEffect(() => input.current?.focus(), []);

  const give = (button: HTMLButtonElement | null | undefined): void => {
    if (!button) return;
    for (const stop of grid.current!.querySelectorAll<HTMLButtonElement>("button[tabindex='0']")) stop.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
  };
  const walk = (event: KeyboardEvent): void => {
    const button = (event.target as Element).closest<HTMLButtonElement>(".emoji");
    if (!button || !isArrow(event.key)) return;
    event.preventDefault();
    const step = neighbour(rowsOf(grid.current!), button, event.key satisfies Arrow);
    if (step) give(step);
    else if (event.key === "ArrowUp") input.current?.focus();
  };

  const search = (query: string): void => {
    if (query.trim().length < 2) setFound(null);
    else void findEmoji(query, MOST_FOUND).then(setFound);
  };
  const section = (emojis: readonly Emoji[], key: number, at: number) => (
    <div key={key} class="emoji-group">
      {emojis.map((one, index) => (
        <button key={one.emoji} type="button" class="icon emoji" tabIndex={at + index === 0 ? 0 : -1} title={one.name} aria-label={one.name} onClick={() => choose(one.emoji)}>
          {one.emoji}
        </button>
      ))}
    </div>
  );
  return (
    <>
      <input
        ref={input}
        class="input"
        type="search"
        placeholder={t("find_emoji")}
        aria-label={t("find_emoji")}
        onInput={(event) => search(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" || pressOf(event).composing) return;
          event.preventDefault();
          give(grid.current!.querySelector<HTMLButtonElement>(".emoji"));
        }}
      />
      <div ref={grid} class="emoji-grid" onKeyDown={walk}>
        {groups === "failed" && (
          <p class="small pad" role="alert">
            {t("emoji_failed")}{" "}
            <button type="button" class="act" onClick={load}>
              {t("try_again")}
            </button>
          </p>
        )}
        {found?.length === 0 && <p class="muted small pad">{t("no_emoji")}</p>}
        {found ? section(found, -1, 0) : Array.isArray(groups) && groups.map((group: Group, at) => section(group.emojis, group.group, at))}
      </div>
    </>
  );
}

/** The buttons as they stand: row by row, each group begins a new one. */
function rowsOf(grid: HTMLElement): HTMLButtonElement[][] {
  const rows: HTMLButtonElement[][] = [];
  for (const group of grid.querySelectorAll(".emoji-group")) {
    const buttons = [...group.querySelectorAll<HTMLButtonElement>("button")];
    for (let at = 0; at < buttons.length; at += COLUMNS) rows.push(buttons.slice(at, at + COLUMNS));
  }
  return rows;
}
