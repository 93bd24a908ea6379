/** The assistants of the room, in the right column: who they are, when they speak, and what is left of today's budget. */
import { useEffect } from "preact/hooks";
import type { Budget, User } from "../../core/api";
import { t } from "../../i18n";
import { Icon } from "../icon";
import type { RoomView } from "../page/view";
import { Avatar } from "../people/Avatar";
import { DirectButton } from "../people/PeoplePanel";
import { openPanel } from "./panels";
import { waitingOf } from "./queue";
import { speaksKey } from "./roster";

interface ListProps {
  view: RoomView;
  /** Called when what was pressed goes on elsewhere on the page: the list may stand over it. */
  done: (() => void) | undefined;
}

export function AssistantList({ view, done }: ListProps) {
  const { roster, store } = view;
  const budgeted = roster.can("budgets");
  useEffect(() => void roster.loadBudgets(), [roster, budgeted]);
  const budgets = roster.budgets.value?.budgets ?? [];
  return (
    <section class="assistants" aria-label={t("assistants")}>
      <div class="side-head">
        <h2 class="grow">{t("assistants")}</h2>
        {roster.can("several_assistants") && (
          <a class="icon" href={`/r/${encodeURIComponent(store.slug)}/assistants`} aria-label={t("ai_settings")} title={t("ai_settings")}>
            <Icon name="gear" />
          </a>
        )}
      </div>
      <ul>
        {view.assistants.value.map((user) => (
          <Assistant key={user.id} user={user} view={view} budget={budgets.find((one) => one.user?.id === user.id)} done={done} />
        ))}
      </ul>
      {budgets.map((one) => one.scope !== "assistant" && <BudgetLine key={one.scope} budget={one} />)}
      {roster.can("catch_up") && (
        <div class="side-foot">
          <button type="button" class="btn" onClick={() => {
              done?.();
              openPanel({ kind: "catch_up", view });
            }}>
            <Icon name="clock" />
            {t("catch_up")}
          </button>
        </div>
      )}
    </section>
  );
}

function Assistant({ user, view, budget, done }: ListProps & { user: User; budget: Budget | undefined }) {
  const known = view.roster.of(user.id);
  const { rows, atEnd } = view.store;
  const waiting = waitingOf(rows.value, atEnd.value, user.id, known?.queued ?? 0);
  const mention = `${t("mention")}: ${user.name}`;
  return (
    <li class="assistant">
      <Avatar user={user} size={24} look={view.roster.lookOf(user.id)} />
      <div class="grow">
        <p class="assistant-name">
          <bdi class="clip">{user.name}</bdi>
          <span class="tag">{view.roster.isDemo(user.id) ? t("demo") : t("ai")}</span>
        </p>
        {known && (
          <p class="muted meta clip">
            {known.assistant.model && !known.assistant.demo && `${known.assistant.model} · `}
            {t(speaksKey(known, view.roster.room.value!.turns))}
            {waiting > 0 && ` · ${t("waiting_n", { n: waiting })}`}
          </p>
        )}
        {budget && <BudgetLine budget={budget} />}
      </div>
      {view.mayWrite && (
        <button type="button" class="icon quiet" aria-label={mention} title={mention} onClick={() => {
            done?.();
            view.mention(user);
          }}>
          <span aria-hidden="true">@</span>
        </button>
      )}
      <DirectButton user={user} view={view} />
    </li>
  );
}

/** What is used of a day's budget; nothing where there is no limit. */
export function BudgetLine({ budget }: { budget: Budget }) {
  const part = partUsed(budget);
  if (part === null) return null;
  const percent = Math.min(100, Math.floor(part * 100));
  const words = t(budget.scope === "person" ? "budget_me" : budget.scope === "room" ? "budget_room" : "budget_ai", { p: percent });
  const details = budget.tokens_limit === null ? "" : ` · ${short(budget.tokens_used)} / ${short(budget.tokens_limit)}`;
  return (
    <div class={`budget${part >= 1 ? " spent" : part >= NEARLY ? " nearly" : ""}`}>
      <p class="meta">
        {words}
        <span class="muted">{details}</span>
      </p>
      <meter min={0} max={100} value={percent} aria-label={words} />
    </div>
  );
}

/** From here on it is amber. */
const NEARLY = 0.8;

/** 0 to 1 and above: of tokens or of money, whichever is further; null without a limit. */
function partUsed({ tokens_used, tokens_limit, cost_used, cost_limit }: Budget): number | null {
  const parts: number[] = [];
  if (tokens_limit !== null) parts.push(tokens_limit === 0 ? 1 : tokens_used / tokens_limit);
  if (cost_limit !== null) parts.push(cost_limit === 0 ? 1 : cost_used / cost_limit);
  return parts.length === 0 ? null : Math.max(...parts);
}

/** 12,400 as 12.4K. */
const short = (n: number): string => new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(n);
