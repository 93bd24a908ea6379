import { count, t } from "../../i18n";
import { Icon } from "../icon";
import type { RoomView } from "../page/view";
import type { TimelineController } from "./controller";

/** Where else there is something to see: above, below, and where one came from. */
export function Chips({ view, timeline }: { view: RoomView; timeline: TimelineController }) {
  const below = timeline.outlook.below.value;
  const above = timeline.outlook.above.value;
  const trail = view.trail.value.length > 0;
  return (
    <>
      {above > 0 && (
        <button type="button" class="btn jump top pop" aria-label={t("new_above", { n: count(above) })} onClick={() => timeline.toLine()}>
          <Icon name="up" />
          {count(above)}
        </button>
      )}
      <div class="jumps">
        {trail && (
          <button type="button" class="btn jump pop" aria-label={t("back_to_reply")} title={t("back_to_reply")} onClick={() => timeline.back()}>
            <span aria-hidden="true">↩</span>
          </button>
        )}
        {below.shown && (
          <button
            type="button"
            class={`btn jump pop${below.count > 0 ? " main" : ""}`}
            aria-label={below.count > 0 ? `${t("jump_latest")}: ${t("new_below", { n: count(below.count) })}` : t("jump_latest")}
            title={t("jump_latest")}
            onClick={() => timeline.toEnd()}
          >
            <Icon name="down" />
            {below.count > 0 && count(below.count)}
          </button>
        )}
      </div>
    </>
  );
}
