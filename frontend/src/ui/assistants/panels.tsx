/** What opens over the room about assistants: its script comes with the first opening. */
import { signal } from "@preact/signals";
import type { Row } from "../../core/api";
import { later } from "../page/later";
import type { RoomView } from "../page/view";

export type Panel =
  | { readonly kind: "catch_up"; readonly view: RoomView }
  | { readonly kind: "saw"; readonly view: RoomView; readonly row: Row };

export const panel = signal<Panel | null>(null);

export function openPanel(wanted: Panel): void {
  panel.value = wanted;
}

export function closePanel(): void {
  panel.value = null;
}

const CatchUp = later<{ view: RoomView }>(() => import("./sheets/CatchUp").then((module) => module.CatchUp));
const Saw = later<{ view: RoomView; row: Row }>(() => import("./sheets/Saw").then((module) => module.Saw));
const ToolRequests = later<{ view: RoomView }>(() => import("./sheets/ToolRequests").then((module) => module.ToolRequests));

export function AssistantPanels() {
  const open = panel.value;
  if (!open) return null;
  return open.kind === "saw" ? <Saw view={open.view} row={open.row} /> : <CatchUp view={open.view} />;
}

/** What assistants ask me to allow; most pages never see one. */
export function Requests({ view }: { view: RoomView }) {
  return view.store.toolRequests.value.length > 0 ? <ToolRequests view={view} /> : null;
}
