import { useEffect, useMemo } from "preact/hooks";
import { Speaker } from "./speech";
import type { RoomView } from "./view";

/** The one live region of the page: the timeline itself says nothing by itself. */
export function SpokenLog({ view }: { view: RoomView }) {
  const speaker = useMemo(() => new Speaker(view), [view]);
  useEffect(() => () => speaker.close(), [speaker]);
  return (
    <div class="sr" role="log" aria-live="polite">
      {speaker.lines.value.map((line) => (
        <p key={line.id}>{line.text}</p>
      ))}
    </div>
  );
}
