/** The actions of a message on a touch screen: opened by a long press. */
import { signal } from "@preact/signals";
import type { Row } from "../../core/api";
import type { RoomView } from "../page/view";

export interface Sheet {
  readonly view: RoomView;
  readonly row: Row;
}

export const sheet = signal<Sheet | null>(null);

export function openSheet(view: RoomView, row: Row): void {
  const message = row.message.peek();
  if (message.type === "system" || message.id === "") return;
  navigator.vibrate?.(10);
  sheet.value = { view, row };
}
