/** /r/<slug>/assistants: who speaks in a room, when, and at whose cost. Everybody there may look, owner and admins may change. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { ChatClient, RoomAssistants, Turns } from "../../../core/api";
import { pathOf } from "../../page/nav";
import { Confirm } from "../../page/Confirm";
import { Notices } from "../../page/Notices";
import { Avatar } from "../../people/Avatar";
import { AssistantCard } from "./AssistantCard";
import { AssistantForm } from "./AssistantForm";
import { BudgetPanel, counted } from "./BudgetPanel";
import { Desk } from "./desk";
import { w } from "./words";

export function AssistantsPage({ client, slug }: { client: ChatClient; slug: string }) {
  const desk = useMemo(() => new Desk(client.http, slug), [client, slug]);
  useEffect(() => void desk.load(), [desk]);
  const room = desk.room.value;
  return (
    <>
      <main class="entry wide">
        <h1>{w("title")}</h1>
        <p class="lead">
          <a href={pathOf(slug)}>
            <bdi>#{slug}</bdi>
          </a>
        </p>
        {desk.problem.value && (
          <p class="note bad" role="alert">
            {desk.problem.value}{" "}
            <button type="button" class="act" onClick={() => void desk.load()}>
              {w("try_again")}
            </button>
          </p>
        )}
        {!room && !desk.problem.value && <p class="muted">{w("loading")} …</p>}
        {room && !room.may_edit && <p class="muted">{w("read_only")}</p>}
        {room && <TurnsPanel room={room} desk={desk} />}
        {room && <ListPanel room={room} desk={desk} />}
        {room && room.may_edit && room.available.length > 0 && <AvailablePanel room={room} desk={desk} />}
        {room && desk.budgets.value && <BudgetPanel budgets={desk.budgets.value} room={room} save={(change) => void desk.changeRoom(change)} />}
        {room?.may_edit_all && <ProvidersPanel room={room} />}
        <footer class="entry-foot">
          <a href={pathOf(slug)}>{w("back", { room: `#${slug}` })}</a>
        </footer>
      </main>
      <Confirm />
      <Notices />
    </>
  );
}

const TURNS: readonly Turns[] = ["mentioned", "always", "round_robin"];

function TurnsPanel({ room, desk }: { room: RoomAssistants; desk: Desk }) {
  return (
    <section class="panel">
      <fieldset class="turns" disabled={!room.may_edit}>
        <legend>{w("turns")}</legend>
        {TURNS.map((turns) => (
          <label key={turns} class="choice">
            <input type="radio" name="turns" checked={room.turns === turns} onChange={() => void desk.changeRoom({ turns })} />
            <span>
              {w(`turns_${turns}`)}
              <p>{w(`turns_${turns}_hint`)}</p>
            </span>
          </label>
        ))}
      </fieldset>
    </section>
  );
}

function ListPanel({ room, desk }: { room: RoomAssistants; desk: Desk }) {
  /** Id of the one that is being changed; "new" for one that is being made. */
  const open = useSignal<string | null>(null);
  const close = (): void => {
    open.value = null;
  };
  const budgets = desk.budgets.value?.budgets ?? [];
  return (
    <section class="panel" aria-label={w("in_room")}>
      <h2>{w("in_room")}</h2>
      {room.assistants.length === 0 && <p class="muted">{w("none")}</p>}
      <ul class="cards">
        {room.assistants.map((entry) => {
          const { assistant } = entry;
          const mayChange = assistant.room === null ? room.may_edit_all : room.may_edit;
          return open.value === assistant.id ? (
            <li key={assistant.id}>
              <AssistantForm
                assistant={assistant}
                providers={room.providers}
                admin={room.may_edit_all}
                save={(fields) => desk.change(assistant, fields).then(close)}
                tryOut={(provider, model) => desk.tryOut(provider, model)}
                cancel={close}
              />
            </li>
          ) : (
            <AssistantCard
              key={assistant.id}
              entry={entry}
              providers={room.providers}
              budget={budgets.find(({ user }) => user?.id === assistant.id)}
              mayEdit={room.may_edit}
              mayChange={mayChange}
              speak={(speaks) => void desk.speak(assistant, speaks)}
              edit={() => (open.value = assistant.id)}
              remove={() => void desk.remove(assistant)}
            />
          );
        })}
      </ul>
      {room.may_edit &&
        (open.value === "new" ? (
          <AssistantForm
            assistant={null}
            providers={room.providers}
            admin={room.may_edit_all}
            save={(fields, forAll) => desk.create(fields, forAll).then(close)}
            tryOut={(provider, model) => desk.tryOut(provider, model)}
            cancel={close}
          />
        ) : (
          <button type="button" class="btn main" onClick={() => (open.value = "new")}>
            {w("add")}
          </button>
        ))}
    </section>
  );
}

function AvailablePanel({ room, desk }: { room: RoomAssistants; desk: Desk }) {
  return (
    <section class="panel" aria-label={w("available")}>
      <h2>{w("available")}</h2>
      <ul class="devices">
        {room.available.map((assistant) => (
          <li key={assistant.id}>
            <Avatar user={{ id: assistant.id, name: assistant.name, kind: "assistant" }} size={24} look={assistant.avatar} />
            <bdi class="grow clip">{assistant.name}</bdi>
            <button type="button" class="btn" aria-label={w("bring_in_name", { name: assistant.name })} onClick={() => void desk.bringIn(assistant)}>
              {w("bring_in")}
            </button>
            {room.may_edit_all && (
              <button type="button" class="btn danger" aria-label={w("retire_name", { name: assistant.name })} onClick={() => void desk.retire(assistant)}>
                {w("retire")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function ProvidersPanel({ room }: { room: RoomAssistants }) {
  return (
    <section class="panel" aria-label={w("providers")}>
      <h2>{w("providers")}</h2>
      <p class="muted small">{w("providers_hint")}</p>
      <ul class="devices">
        {room.providers.map((provider) => (
          <li key={provider.name}>
            <p class="grow">
              <bdi>{provider.name}</bdi>
              <br />
              <span class="muted small">
                {provider.demo ? w("provider_demo") : w("provider_line", { model: provider.model ?? "?", n: counted(provider.window) })}
              </span>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
