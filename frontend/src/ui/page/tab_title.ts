/** What the browser's tab says: `(2) #room` counts mentions, a dot on the icon means anything unread. */
import { effect } from "@preact/signals";
import type { ChatClient } from "../../core/api";
import { t } from "../../i18n";
import type { RoomView } from "./view";

export function titleOf(room: string | null, mentions: number): string {
  const name = room ?? t("app_name");
  return mentions > 0 ? `(${mentions}) ${name}` : name;
}

/** Keeps title and icon up to date; returns the end of it. */
export function keepTitle(client: ChatClient, view: RoomView): () => void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  // What an earlier view may have dotted.
  const plain = (icon?.getAttribute("href") ?? "").replace("favicon-unread", "favicon");
  const dotted = plain.replace(/favicon(?=[.-])/, "favicon-unread");
  return effect(() => {
    const gone = view.store.status.value === "gone";
    const info = gone ? null : view.store.info.value;
    const name = gone ? null : info ? (info.kind === "direct" ? info.name : `#${info.name}`) : `#${view.store.slug}`;
    const others = (client.rooms.value ?? []).filter((entry) => entry.slug !== view.store.slug);
    const mentions = others.reduce((sum, entry) => sum + entry.mentions, view.store.mentions.value);
    const unread = view.store.unread.value > 0 || others.some((entry) => entry.unread > 0);
    document.title = titleOf(name, mentions);
    const wanted = unread ? dotted : plain;
    if (icon && icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  });
}
