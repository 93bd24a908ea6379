/** Ctrl/⌘+K: to one of one's rooms by a few letters, or to any other by its name. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ChatClient, RoomSummary } from "../../core/api";
import { t } from "../../i18n";
import { Dialog } from "../page/Dialog";
import { go } from "../page/nav";
import { pressOf } from "../page/keys";
import { beginsWith } from "../text/hangul";
import { roomTitle } from "./RoomList";
import { switching } from "./switching";

const MOST = 8;
const SLUG = /^[\p{L}\p{N}_-]{1,64}$/u;

export function Switcher({ client }: { client: ChatClient }) {
  if (!switching.value) return null;
  return (
    <Dialog kind="card" label={t("find_room")} close={() => (switching.value = false)}>
      <Finder client={client} />
    </Dialog>
  );
}

interface Choice {
  readonly slug: string;
  readonly title: string;
  readonly isNew: boolean;
}

function Finder({ client }: { client: ChatClient }) {
  const typed = useSignal("");
  const chosen = useSignal(0);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);

  const choices = choicesFor(client.rooms.value ?? [], typed.value);
  const open = (choice: Choice | undefined): void => {
    if (!choice) return;
    switching.value = false;
    go(choice.slug);
  };
  const press = (event: KeyboardEvent): void => {
    if (pressOf(event).composing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) chosen.value = (chosen.peek() + step + choices.length) % Math.max(1, choices.length);
    else if (event.key === "Enter") open(choices[chosen.peek()]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        ref={input}
        class="input"
        type="text"
        autocomplete="off"
        placeholder={t("room_hint")}
        aria-label={t("find_room")}
        role="combobox"
        aria-expanded="true"
        aria-controls="room-choices"
        aria-activedescendant={choices.length > 0 ? `room-choice-${chosen.value}` : undefined}
        onInput={(event) => {
          typed.value = event.currentTarget.value.trim().replace(/^#/, "");
          chosen.value = 0;
        }}
        onKeyDown={press}
      />
      <ul id="room-choices" class="choices" role="listbox" aria-label={t("rooms")}>
        {choices.map((choice, index) => (
          <li
            key={choice.slug}
            id={`room-choice-${index}`}
            role="option"
            class="suggestion"
            aria-selected={index === chosen.value}
            onClick={() => open(choice)}
          >
            <bdi class="grow clip">{choice.title}</bdi>
            {choice.isNew && <span class="muted small">{t("go")}</span>}
          </li>
        ))}
      </ul>
      {choices.length === 0 && <p class="muted small pad">{t("e_bad_room")}</p>}
    </>
  );
}

function choicesFor(rooms: readonly RoomSummary[], typed: string): Choice[] {
  const mine = rooms
    .filter((entry) => beginsWith(entry.room.name, typed) || beginsWith(entry.slug, typed))
    .slice(0, MOST)
    .map((entry) => ({ slug: entry.slug, title: roomTitle(entry), isNew: false }));
  const slug = typed.normalize("NFKC").toLowerCase();
  const known = rooms.some((entry) => entry.slug === slug);
  return SLUG.test(slug) && !known ? [...mine, { slug, title: `#${slug}`, isNew: true }] : mine;
}
