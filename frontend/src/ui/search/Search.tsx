/** Ctrl/⌘+Shift+F: messages by their words, in this room or in all of one's rooms; a result leads to its message. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { asChatError, type Message } from "../../core";
import { moment, reason, t } from "../../i18n";
import { nameOf } from "../message/names";
import { Dialog } from "../page/Dialog";
import { pressOf } from "../page/keys";
import { go } from "../page/nav";
import { closePanel } from "../page/panels";
import type { RoomView } from "../page/view";
import { roomTitle } from "../rooms/RoomList";
import { excerptOf } from "./excerpt";

const WAIT_MS = 250;

export function SearchDialog({ view }: { view: RoomView }) {
  return (
    <Dialog kind="card" label={t("search")} close={closePanel}>
      <Search view={view} />
    </Dialog>
  );
}

function Search({ view }: { view: RoomView }) {
  const query = useSignal("");
  const everywhere = useSignal(false);
  const found = useSignal<readonly Message[] | null>(null);
  const problem = useSignal<string | null>(null);
  const chosen = useSignal(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const asked = useRef(0);
  useEffect(() => input.current?.focus(), []);

  const ask = async (): Promise<void> => {
    const mine = ++asked.current;
    const words = query.peek().trim();
    if (words === "") {
      found.value = problem.value = null;
      return;
    }
    try {
      const { messages } = await view.client.http.search(words, everywhere.peek() ? undefined : view.store.slug);
      if (mine !== asked.current) return;
      // What was said last is what one looks for as a rule.
      found.value = [...messages].sort((a, b) => b.created_at.localeCompare(a.created_at));
      problem.value = null;
      chosen.value = 0;
    } catch (thrown) {
      if (mine !== asked.current) return;
      const error = asChatError(thrown);
      found.value = null;
      problem.value = reason(error.code, error.retryAfter);
    }
  };
  // Each key starts the wait anew; another scope is asked for at once.
  useEffect(() => {
    const timer = setTimeout(() => void ask(), WAIT_MS);
    return () => clearTimeout(timer);
  }, [query.value]);
  useEffect(() => void ask(), [everywhere.value]);

  const results = found.value ?? [];
  const open = (message: Message | undefined): void => {
    if (!message) return;
    closePanel();
    const here = message.room === view.store.slug;
    go(message.room, message.seq);
    if (here) void view.timeline?.show(message.seq);
  };
  const press = (event: KeyboardEvent): void => {
    if (pressOf(event).composing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && results.length > 0) {
      chosen.value = (chosen.peek() + step + results.length) % results.length;
      list.current?.children[chosen.peek()]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") open(results[chosen.peek()]);
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
        maxLength={200}
        placeholder={t("search_hint")}
        aria-label={t("search")}
        role="combobox"
        aria-expanded={results.length > 0}
        aria-controls="found"
        aria-activedescendant={results.length > 0 ? `found-${chosen.value}` : undefined}
        onInput={(event) => (query.value = event.currentTarget.value)}
        onKeyDown={press}
      />
      <label class="tick">
        <input type="checkbox" checked={everywhere.value} onChange={(event) => (everywhere.value = event.currentTarget.checked)} />
        {t("search_all")}
      </label>
      <ul ref={list} id="found" class="found" role="listbox" aria-label={t("search_found")}>
        {results.map((message, index) => (
          <li
            key={message.id}
            id={`found-${index}`}
            role="option"
            class="found-one"
            aria-selected={index === chosen.value}
            onClick={() => open(message)}
          >
            <p class="found-head">
              <bdi class="name clip">{nameOf(view, message.sender)}</bdi>
              {everywhere.value && <bdi class="muted clip">{titleOf(view, message.room)}</bdi>}
              <time class="muted" dateTime={message.created_at}>
                {moment(new Date(message.created_at))}
              </time>
            </p>
            <p class="found-text" dir="auto">
              {excerptOf(message.body, query.value).map((part) => (part.hit ? <mark>{part.text}</mark> : part.text))}
            </p>
          </li>
        ))}
      </ul>
      <p class="muted small" role="status">
        {problem.value ?? (found.value === null ? "" : results.length === 0 ? t("search_none") : t("search_n", { n: results.length }))}
      </p>
    </>
  );
}

function titleOf(view: RoomView, slug: string): string {
  const entry = view.client.rooms.value?.find((room) => room.slug === slug);
  return entry ? roomTitle(entry) : `#${slug}`;
}
