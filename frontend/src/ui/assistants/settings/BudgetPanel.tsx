/** What was used today, and the room's own limits. */
import { useSignal } from "@preact/signals";
import type { Budget, Budgets, RoomAssistants, RoomAssistantsChange } from "../../../core/api";
import { clock } from "../../../i18n";
import { Caps } from "./AssistantForm";
import { capsOf, moneyText, problemsOfCaps, type Problems, type Typed } from "./fields";
import { w } from "./words";

const NEARLY = 0.8;

export const counted = (n: number): string => new Intl.NumberFormat().format(n);

/** Used of a limit: as words and as a bar, if there is a limit. */
export function Meter({ budget, label }: { budget: Budget; label?: string }) {
  const { tokens_used, tokens_limit, cost_used, cost_limit } = budget;
  const parts = [
    ...(tokens_limit === null ? [] : [tokens_limit === 0 ? 1 : tokens_used / tokens_limit]),
    ...(cost_limit === null ? [] : [cost_limit === 0 ? 1 : cost_used / cost_limit]),
  ];
  const part = parts.length === 0 ? null : Math.max(...parts);
  const words = [
    tokens_limit === null ? w("budget_free", { a: counted(tokens_used) }) : w("budget_line", { a: counted(tokens_used), b: counted(tokens_limit) }),
    ...(cost_limit === null ? [] : [w("budget_money", { a: moneyText(cost_used), b: moneyText(cost_limit) })]),
  ].join(" · ");
  return (
    <div class={`budget${part === null ? "" : part >= 1 ? " spent" : part >= NEARLY ? " nearly" : ""}`}>
      <p class="small">
        {label && <b>{label}: </b>}
        {words}
      </p>
      {part !== null && <meter min={0} max={100} value={Math.min(100, Math.floor(part * 100))} aria-label={`${label ?? ""} ${words}`} />}
    </div>
  );
}

interface PanelProps {
  budgets: Budgets;
  room: RoomAssistants;
  save: (change: RoomAssistantsChange) => void;
}

export function BudgetPanel({ budgets, room, save }: PanelProps) {
  const mine = budgets.budgets.find(({ scope }) => scope === "person");
  const rooms = budgets.budgets.find(({ scope }) => scope === "room");
  return (
    <section class="panel" aria-label={w("budget")}>
      <h2>
        {w("budget")} <span class="muted small">{w("budget_until", { t: clock(new Date(budgets.resets_at)) })}</span>
      </h2>
      {mine && <Meter budget={mine} label={w("budget_person")} />}
      {rooms && <Meter budget={rooms} label={w("budget_room")} />}
      {room.may_edit && <RoomCaps key={`${room.tokens_per_day} ${room.cost_per_day}`} room={room} save={save} />}
    </section>
  );
}

function RoomCaps({ room, save }: Omit<PanelProps, "budgets">) {
  const typed = useSignal<Pick<Typed, "tokens_per_day" | "cost_per_day">>({
    tokens_per_day: room.tokens_per_day === null ? "" : String(room.tokens_per_day),
    cost_per_day: moneyText(room.cost_per_day),
  });
  const problems = useSignal<Problems>({});
  return (
    <form
      class="caps"
      noValidate
      aria-label={w("caps")}
      onSubmit={(event) => {
        event.preventDefault();
        problems.value = problemsOfCaps(typed.peek());
        if (Object.keys(problems.peek()).length === 0) save(capsOf(typed.peek()));
      }}
    >
      <h3>{w("caps")}</h3>
      <Caps
        prefix="room"
        typed={typed.value}
        said={(field) => {
          const key = problems.value[field];
          return key && w(key);
        }}
        set={(field, value) => (typed.value = { ...typed.peek(), [field]: value })}
      />
      <button type="submit" class="btn">
        {w("save")}
      </button>
    </form>
  );
}
