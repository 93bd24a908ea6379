/** "Test": what the chosen provider does and does not do, in words, before anybody has to ask it in the room. */
import { useSignal } from "@preact/signals";
import type { Finding } from "../../../core/api";
import { asChatError } from "../../../core/errors";
import { why } from "../../../i18n";
import { sentence } from "./findings";
import { w } from "./words";

interface TrialProps {
  /** Rejects with a ChatError. */
  tryOut: () => Promise<readonly Finding[]>;
}

export function Trial({ tryOut }: TrialProps) {
  const busy = useSignal(false);
  const found = useSignal<readonly Finding[]>([]);
  const refusal = useSignal<string | null>(null);
  const begin = async (): Promise<void> => {
    busy.value = true;
    found.value = [];
    refusal.value = null;
    try {
      found.value = await tryOut();
    } catch (thrown) {
      refusal.value = why(asChatError(thrown));
    }
    busy.value = false;
  };
  return (
    <div class="trial">
      <p>
        <button type="button" class="btn slim" disabled={busy.value} onClick={() => void begin()}>
          {w("try")}
        </button>{" "}
        <span class="muted small">{w("try_hint")}</span>
      </p>
      <div role="status">
        {busy.value && <p class="muted">{w("trying")} …</p>}
        {refusal.value && <p class="note bad">{refusal.value}</p>}
        {found.value.length > 0 && (
          <ul class="findings">
            {found.value.map((finding, place) => (
              <li key={place} class={finding.mark}>
                <b>{w(`mark_${finding.mark}`)}</b> <span dir="auto">{sentence(finding)}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
