/** /admin: people, rooms, sessions, bans and the record of administrative acts. */
import { useSignal } from "@preact/signals";
import type { User } from "../../core/api";
import { t } from "../../i18n";
import { ta } from "../../i18n/admin";
import { Confirm } from "../page/Confirm";
import { Notices } from "../page/Notices";
import { Audit, Bans, People, Rooms, Sessions } from "./lists";

const LISTS = ["people", "rooms", "sessions", "bans", "audit"] as const;

export function AdminPage({ me }: { me: User }) {
  const shown = useSignal<(typeof LISTS)[number]>("people");
  return (
    <>
      <main class="entry">
        <h1>{t("administration")}</h1>
        <nav aria-label={t("administration")}>
          {LISTS.map((list) => (
            <button
              key={list}
              type="button"
              class={`btn${shown.value === list ? " main" : ""}`}
              aria-current={shown.value === list ? "page" : undefined}
              onClick={() => (shown.value = list)}
            >
              {ta(list)}
            </button>
          ))}
        </nav>
        <section class="panel">
          <h2>{ta(shown.value)}</h2>
          {shown.value === "people" && <People me={me} />}
          {shown.value === "rooms" && <Rooms />}
          {shown.value === "sessions" && <Sessions />}
          {shown.value === "bans" && <Bans />}
          {shown.value === "audit" && <Audit />}
        </section>
        <footer class="entry-foot">
          <a href="/">{t("your_rooms")}</a>
          <a href="/settings">{t("settings")}</a>
        </footer>
      </main>
      <Confirm />
      <Notices />
    </>
  );
}
