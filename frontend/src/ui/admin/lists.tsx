/** The five lists of the administrators' page. */
import { useSignal } from "@preact/signals";
import type { User } from "../../core/api";
import { moment } from "../../i18n";
import { isAdminKey, ta, type AdminKey } from "../../i18n/admin";
import { attempt } from "../message/actions";
import { ask } from "../page/question";
import * as api from "./api";
import { About, Listing } from "./Listing";

const when = (at: string): string => moment(new Date(at));

async function sure(question: AdminKey, act: AdminKey, user: User, then: () => Promise<void>, reload: () => void): Promise<void> {
  if (await ask(ta(question, { name: user.name }), ta(act))) {
    await attempt(then());
    reload();
  }
}

export function People({ me }: { me: User }) {
  const words = useSignal("");
  return (
    <>
      <label class="field">
        <span>{ta("search")}</span>
        <input class="input" type="search" maxLength={64} onInput={(event) => (words.value = event.currentTarget.value)} />
      </label>
      <Listing<api.AdminPerson>
        about={words.value}
        load={(after) => api.people(words.peek(), after.length / api.PAGE)}
        name={({ user }) => user.id}
        row={(person, reload) => (
          <>
            <About
              name={person.user.name}
              tags={[person.user.kind === "guest" && ta("guest"), person.is_admin && ta("admin"), person.banned && ta("banned")]}
              notes={[
                ta("since", { t: when(person.created_at) }),
                person.seen_at !== null && ta("seen", { t: when(person.seen_at) }),
                ta("signed_in", { n: person.sessions }),
              ]}
            />
            {person.user.id !== me.id && <PersonActs person={person} reload={reload} />}
          </>
        )}
      />
    </>
  );
}

function PersonActs({ person, reload }: { person: api.AdminPerson; reload: () => void }) {
  const { user, is_admin, banned } = person;
  const right = is_admin ? "unmake_admin" : "make_admin";
  return (
    <>
      {user.kind === "person" && !banned && (
        <button type="button" class="btn" onClick={() => void sure(`${right}_q`, right, user, () => api.setAdmin(user, !is_admin), reload)}>
          {ta(right)}
        </button>
      )}
      {banned && (
        <button type="button" class="btn" onClick={() => void attempt(api.unban(user)).then(reload)}>
          {ta("unban")}
        </button>
      )}
      {!banned && !is_admin && (
        <button type="button" class="btn danger" onClick={() => void sure("ban_q", "ban", user, () => api.ban(user), reload)}>
          {ta("ban")}
        </button>
      )}
    </>
  );
}

export function Rooms() {
  return (
    <Listing<api.AdminRoom>
      load={(after) => api.rooms(after.length / api.PAGE)}
      name={(room) => room.slug}
      row={(room) => (
        <About
          name={`#${room.name}`}
          tags={[ta(room.kind)]}
          notes={[ta("members", { n: room.members_count }), ta("changes", { n: room.last }), ta("since", { t: when(room.created_at) })]}
        />
      )}
    />
  );
}

export function Sessions() {
  return (
    <Listing<api.AdminSession>
      load={(after) => api.sessions(after.length / api.PAGE)}
      name={(session) => session.id}
      row={(session, reload) => (
        <>
          <About
            name={session.user.name}
            notes={[session.label || ta(session.kind === "cookie" ? "browser" : "app"), ta("seen", { t: when(session.seen_at) })]}
          />
          <button type="button" class="btn" onClick={() => void attempt(api.endSession(session.id)).then(reload)}>
            {ta("end")}
          </button>
        </>
      )}
    />
  );
}

export function Bans() {
  return (
    <Listing<api.Ban>
      load={(after) => (after.length ? Promise.resolve([]) : api.bans())}
      name={({ user }) => user.id}
      row={(each, reload) => (
        <>
          <About
            name={each.user.name}
            notes={[
              each.reason,
              ta("since", { t: when(each.at) }),
              each.expires_at === null ? ta("for_good") : ta("until", { t: when(each.expires_at) }),
              each.by ? ta("by", { name: each.by }) : ta("by_command"),
            ]}
          />
          <button type="button" class="btn" onClick={() => void attempt(api.unban(each.user)).then(reload)}>
            {ta("unban")}
          </button>
        </>
      )}
    />
  );
}

function did(action: string): string {
  const key = `did_${action}`;
  return isAdminKey(key) ? ta(key) : action;
}

export function Audit() {
  return (
    <Listing<api.AuditEntry>
      load={(after) => api.audit(after.at(-1)?.id ?? null)}
      name={(entry) => entry.id}
      row={(entry) => (
        <About
          name={entry.actor || ta("by_command")}
          tags={[did(entry.action)]}
          notes={[entry.target_name || entry.target, entry.room !== null && `#${entry.room}`, entry.details, when(entry.at)]}
        />
      )}
    />
  );
}
