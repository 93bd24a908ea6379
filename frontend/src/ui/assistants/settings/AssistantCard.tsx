/** One assistant of the room: who it is, when it speaks, what it may use up. */
import type { Budget, Provider, RoomAssistant, Speaks } from "../../../core/api";
import { Avatar } from "../../people/Avatar";
import { Meter } from "./BudgetPanel";
import { w } from "./words";

interface CardProps {
  entry: RoomAssistant;
  providers: readonly Provider[];
  budget: Budget | undefined;
  /** When it speaks may be set; its other settings may be. */
  mayEdit: boolean;
  mayChange: boolean;
  speak: (speaks: Speaks) => void;
  edit: () => void;
  remove: () => void;
}

const SPEAKS = ["mentioned", "always", "never"] as const;

export function AssistantCard({ entry, providers, budget, mayEdit, mayChange, speak, edit, remove }: CardProps) {
  const { assistant, speaks, queued, busy } = entry;
  const model = assistant.model ?? providers.find(({ name }) => name === assistant.provider)?.model ?? null;
  return (
    <li class="card-item" aria-label={assistant.name}>
      <div class="card-head">
        <Avatar user={{ id: assistant.id, name: assistant.name, kind: "assistant" }} look={assistant.avatar} />
        <div class="grow">
          <p>
            <bdi class="name">{assistant.name}</bdi> <span class="tag">{assistant.demo ? w("demo") : w("ai")}</span>{" "}
            <span class="tag plain">{assistant.room === null ? w("scope_all") : w("scope_room")}</span>
          </p>
          <p class="muted small">
            {model !== null && !assistant.demo ? w("model_of", { model, provider: assistant.provider }) : assistant.provider}
            {assistant.temperature !== null && ` · ${w("temperature_is", { t: assistant.temperature })}`}
            {busy && ` · ${w("writing")}`}
            {queued > 0 && ` · ${w("waiting", { n: queued })}`}
          </p>
        </div>
        <div class="acts">
          {mayChange && (
            <button type="button" class="btn slim" aria-label={w("edit_name", { name: assistant.name })} onClick={edit}>
              {w("edit")}
            </button>
          )}
          {mayEdit && !assistant.builtin && (
            <button type="button" class="btn slim danger" aria-label={w("remove_name", { name: assistant.name })} onClick={remove}>
              {w("remove")}
            </button>
          )}
        </div>
      </div>
      {assistant.persona === "" ? (
        <p class="muted small">{w("no_persona")}</p>
      ) : (
        <p class="persona" dir="auto">
          {assistant.persona}
        </p>
      )}
      <label class="speaks">
        <span>{w("speaks")}</span>
        <select class="input" disabled={!mayEdit} onChange={(event) => speak(event.currentTarget.value as Speaks)}>
          {SPEAKS.map((one) => (
            <option key={one} value={one} selected={one === speaks}>
              {w(`speaks_${one}`)}
            </option>
          ))}
        </select>
      </label>
      {budget && <Meter budget={budget} />}
    </li>
  );
}
