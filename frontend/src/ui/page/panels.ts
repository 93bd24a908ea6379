/** The dialogs of the page that are opened from more than one place; one at a time. */
import { signal } from "@preact/signals";

export type Panel = "search" | "new_room" | "add_people" | "order";

export const panel = signal<Panel | null>(null);

export function closePanel(): void {
  panel.value = null;
}
