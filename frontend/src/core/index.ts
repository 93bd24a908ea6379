/**
 * The client without an interface. Written to be read: whoever writes another client finds every rule here once, in this order.
 *
 *     protocol, http_shapes   what the server sends and takes (protocol.ts is made from the server's types)
 *     numbers, deltas         the rules: numbers, holes, resuming; the text of a streaming answer. Pure
 *     backoff, awake, link    when to try again; when a page wakes up; one connection over socket.io-client
 *     connection              the connection that stays, requests with their answers
 *     subscription            joining a room, mending holes, coming back
 *     row, timeline, history  the loaded part of a room: what is new, changed, waiting; pages
 *     presence, typing, reading   who is here, who types, what is read
 *     room_state, room        one room: its state from answers and events; its acts
 *     entries, tabs, outbox   unsent messages: where they are kept, which tab sends, in which order
 *     people, prefs, rooms    names; choices and drafts; the list of rooms
 *     client                  all of it together, as api.ts says
 */
export type * from "./api";
export { createClient } from "./client";
export { ChatError, asChatError } from "./errors";
export { Http } from "./http";
