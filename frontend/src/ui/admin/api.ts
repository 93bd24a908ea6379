/** What administrators ask of the server. */
import type { User } from "../../core/api";
import { Http } from "../../core";

export interface AdminPerson {
  readonly user: User;
  readonly is_admin: boolean;
  readonly created_at: string;
  readonly seen_at: string | null;
  readonly sessions: number;
  readonly banned: boolean;
}

export interface AdminRoom {
  readonly slug: string;
  readonly name: string;
  readonly kind: "public" | "private" | "direct";
  readonly members_count: number;
  readonly last: number;
  readonly created_at: string;
}

export interface AdminSession {
  readonly id: string;
  readonly user: User;
  readonly kind: string;
  readonly label: string;
  readonly seen_at: string;
}

export interface Ban {
  readonly user: User;
  readonly reason: string;
  readonly at: string;
  readonly expires_at: string | null;
  readonly by: string;
}

export interface AuditEntry {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly target_name: string;
  readonly room: string | null;
  readonly result: string;
  readonly details: string;
}

/** How many the server gives at a time. */
export const PAGE = 100;

const http = new Http();

export const people = (q: string, page: number): Promise<AdminPerson[]> =>
  http.call<{ people: AdminPerson[] }>("GET", `/admin/people?page=${page}&q=${encodeURIComponent(q)}`).then((answer) => answer.people);
export const rooms = (page: number): Promise<AdminRoom[]> =>
  http.call<{ rooms: AdminRoom[] }>("GET", `/admin/rooms?page=${page}`).then((answer) => answer.rooms);
export const sessions = (page: number): Promise<AdminSession[]> =>
  http.call<{ sessions: AdminSession[] }>("GET", `/admin/sessions?page=${page}`).then((answer) => answer.sessions);
export const bans = (): Promise<Ban[]> => http.call<{ bans: Ban[] }>("GET", "/admin/bans").then((answer) => answer.bans);
export const audit = (before: number | null): Promise<AuditEntry[]> =>
  http.call<{ entries: AuditEntry[] }>("GET", `/admin/audit${before === null ? "" : `?before=${before}`}`).then((answer) => answer.entries);

export const setAdmin = (user: User, admin: boolean): Promise<void> => http.call("PUT", `/admin/people/${user.id}/admin`, { admin });
export const ban = (user: User): Promise<void> => http.call("POST", "/admin/bans", { user_id: user.id });
export const unban = (user: User): Promise<void> => http.call("DELETE", `/admin/bans/${user.id}`);
export const endSession = (id: string): Promise<void> => http.call("DELETE", `/admin/sessions/${id}`);
