/** A new room: its name, who may come in, and how long its messages stay. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { asChatError, type ChatClient } from "../../core";
import { reason, t, type Key } from "../../i18n";
import { Dialog } from "../page/Dialog";
import { go, pathOf } from "../page/nav";
import { closePanel } from "../page/panels";
import { slugOf } from "./slug";

const KEPT: readonly (readonly ["forever" | "live" | number, Key])[] = [
  ["forever", "kept_forever"],
  [90, "kept_90"],
  [7, "kept_7"],
  ["live", "kept_live"],
];

export function NewRoom({ client }: { client: ChatClient }) {
  const name = useSignal("");
  const problem = useSignal<string | null>(null);
  const busy = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const slug = slugOf(name.value);

  const create = async (form: HTMLFormElement): Promise<void> => {
    const data = new FormData(form);
    if (slug === "" || busy.peek()) return;
    busy.value = true;
    problem.value = null;
    try {
      const { room } = await client.http.createRoom({
        slug,
        name: name.peek().trim(),
        private: data.get("private") !== null,
        retention: KEPT[Number(data.get("kept"))]![0],
      });
      void client.loadRooms().catch(() => undefined);
      closePanel();
      go(room.slug);
    } catch (thrown) {
      const error = asChatError(thrown);
      const taken = error.code === "conflict";
      problem.value = taken ? t("e_room_taken") : error.code === "bad_request" ? t("e_bad_room") : reason(error.code, error.retryAfter);
    } finally {
      busy.value = false;
    }
  };
  return (
    <Dialog kind="card" label={t("new_room")} close={closePanel}>
      <form
        class="new-room"
        onSubmit={(event) => {
          event.preventDefault();
          void create(event.currentTarget);
        }}
      >
        <h2>{t("new_room")}</h2>
        <label class="field">
          <span>{t("s_name")}</span>
          <input
            ref={input}
            class="input"
            autocomplete="off"
            maxLength={64}
            dir="auto"
            placeholder={t("room_hint")}
            aria-describedby="new-room-address"
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        </label>
        <p id="new-room-address" class="muted small clip">
          {slug === "" ? t("e_bad_room") : decodeURIComponent(pathOf(slug))}
        </p>
        <label class="tick">
          <input type="checkbox" name="private" />
          <span>
            {t("room_private")}
            <span class="muted hint">{t("room_private_hint")}</span>
          </span>
        </label>
        <label class="field">
          <span>{t("kept")}</span>
          <select class="input" name="kept">
            {KEPT.map(([, words], index) => (
              <option key={words} value={index}>
                {t(words)}
              </option>
            ))}
          </select>
        </label>
        {problem.value && (
          <p class="note bad" role="alert">
            {problem.value}
          </p>
        )}
        <div class="answers">
          <button type="button" class="btn" onClick={closePanel}>
            {t("cancel")}
          </button>
          <button type="submit" class="btn main" disabled={slug === "" || busy.value}>
            {t("create")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
