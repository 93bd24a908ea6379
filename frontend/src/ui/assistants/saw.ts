/** What an answer was made from: asked of the server when somebody wants to know. */
import { signal } from "@preact/signals";
import type { Row } from "../../core/api";
import type { RunReport } from "../../core/http_shapes";
import type { RoomView } from "../page/view";
import { attempt } from "../message/actions";

export interface Seen {
  readonly view: RoomView;
  readonly row: Row;
  readonly report: RunReport;
}

export const seen = signal<Seen | null>(null);

export function showWhatItSaw(view: RoomView, row: Row): Promise<void> {
  return attempt(
    view.client.http.run(row.message.peek().id).then((report) => {
      seen.value = { view, row, report };
    }),
  );
}
