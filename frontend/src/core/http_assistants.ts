/** Calls of /api/v1 about assistants; see Http for what they reject with. */
import type { Http } from "./http";
import type {
  Assistant, AssistantFields, Budgets, CatchUp, Finding, RoomAssistant, RoomAssistants, RoomAssistantsChange, Speaks, ToolRequests,
} from "./http_shapes";

const roomOf = (slug: string): string => `/rooms/${encodeURIComponent(slug)}`;
const assistantOf = (slug: string, id: string): string => `${roomOf(slug)}/assistants/${encodeURIComponent(id)}`;

/** The assistants of a room and who could be, with what the caller may do about it. */
export function roomAssistants(http: Http, slug: string): Promise<RoomAssistants> {
  return http.call("GET", `${roomOf(slug)}/assistants`);
}

export function changeRoomAssistants(http: Http, slug: string, change: RoomAssistantsChange): Promise<RoomAssistants> {
  return http.call("PATCH", `${roomOf(slug)}/assistants`, change);
}

/** The server gives up after 45 s. */
const TRIAL_MS = 60_000;

/** What a provider does and does not do, for who may set assistants up. Takes up to 45 s. */
export function tryProvider(http: Http, slug: string, provider: string, model: string | null): Promise<{ findings: Finding[] }> {
  return http.call("POST", `${roomOf(slug)}/assistants/try`, { provider, model }, AbortSignal.timeout(TRIAL_MS));
}

/** One of the room's own. */
export function createAssistant(http: Http, slug: string, fields: AssistantFields): Promise<{ assistant: Assistant }> {
  return http.call("POST", `${roomOf(slug)}/assistants`, fields);
}

/** When it speaks in a room; the other fields only of the room's own. */
export function changeAssistant(
  http: Http,
  slug: string,
  id: string,
  change: Partial<AssistantFields> & { speaks?: Speaks },
): Promise<{ assistant: RoomAssistant }> {
  return http.call("PATCH", assistantOf(slug, id), change);
}

/** A room's own is gone; one of the installation leaves the room. */
export function removeAssistant(http: Http, slug: string, id: string): Promise<void> {
  return http.call("DELETE", assistantOf(slug, id));
}

/** For admins: one of the whole installation. */
export function createAssistantForAll(http: Http, fields: AssistantFields): Promise<{ assistant: Assistant }> {
  return http.call("POST", "/assistants", fields);
}

export function changeAssistantForAll(http: Http, id: string, change: Partial<AssistantFields>): Promise<{ assistant: Assistant }> {
  return http.call("PATCH", `/assistants/${encodeURIComponent(id)}`, change);
}

export function removeAssistantForAll(http: Http, id: string): Promise<void> {
  return http.call("DELETE", `/assistants/${encodeURIComponent(id)}`);
}

/** What is left today: of the caller, the room and each of its assistants. */
export function budget(http: Http, slug: string): Promise<Budgets> {
  return http.call("GET", `${roomOf(slug)}/budget`);
}

/** Waits for a model: up to a minute, unless it is aborted. */
export function catchUp(http: Http, slug: string, since: number | null, abort: AbortSignal): Promise<CatchUp> {
  return http.call("POST", `${roomOf(slug)}/catch-up`, since === null ? {} : { since }, abort);
}

/** What assistants ask the caller to allow, and still wait for. */
export function toolRequests(http: Http, slug: string): Promise<ToolRequests> {
  return http.call("GET", `${roomOf(slug)}/tool-requests`);
}
