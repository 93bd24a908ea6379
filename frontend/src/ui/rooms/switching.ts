import { signal } from "@preact/signals";

/** Whether the dialog that goes to a room is open. */
export const switching = signal(false);
