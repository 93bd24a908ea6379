/**
 * Drives a real server with socket.io-client as anybody would use it: default options, so long-polling first, then the upgrade.
 *
 * CHAT_URL=http://127.0.0.1:5000 node test/live/contract.mjs
 * Prints one JSON line for each thing that was seen to work; the exit status is 1 at the first that does not.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { io } from "socket.io-client";

const URL = process.env.CHAT_URL;
assert.ok(URL, "CHAT_URL is the address of the server");
const WITHIN_MS = 10_000;
const ROOM = `node-${randomUUID().slice(0, 8)}`;

function works(what) {
  console.log(JSON.stringify({ works: what }));
}

function within(promise, what) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`not within ${WITHIN_MS} ms: ${what}`)), WITHIN_MS).unref());
  return Promise.race([promise, late]);
}

async function guest(name) {
  const response = await fetch(`${URL}/api/v1/guests`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name }),
  });
  assert.equal(response.status, 201);
  return response.json();
}

/** A connection that remembers every event, so that waiting for one that has come already does not hang. */
class Person {
  constructor(token) {
    this.seen = [];
    this.waiting = [];
    this.transports = [];
    this.socket = io(`${URL}/chat`, { auth: { token }, forceNew: true });
    this.socket.io.on("open", () => {
      const { engine } = this.socket.io;
      this.transports.push(engine.transport.name);
      engine.on("upgrade", (transport) => this.transports.push(transport.name));
    });
    this.socket.onAny((name, payload) => {
      this.seen.push({ name, payload });
      this.waiting = this.waiting.filter((look) => !look());
    });
  }

  /** The first event of this name that satisfies `test`, seen already or still to come. */
  sees(name, test = () => true) {
    return within(
      new Promise((resolve) => {
        const look = () => {
          const found = this.seen.find((event) => event.name === name && test(event.payload));
          if (found) resolve(found.payload);
          return found !== undefined;
        };
        if (!look()) this.waiting.push(look);
      }),
      name,
    );
  }

  ask(event, ...args) {
    return within(this.socket.emitWithAck(event, ...args), event);
  }

  async does(event, payload) {
    const ack = await this.ask(event, payload);
    assert.equal(ack.ok, true, `${event}: ${JSON.stringify(ack)}`);
    return ack;
  }

  async isRefused(code, event, ...args) {
    const ack = await this.ask(event, ...args);
    assert.equal(ack.ok, false, `${event} was accepted`);
    assert.equal(ack.error.code, code, `${event}: ${JSON.stringify(ack.error)}`);
    assert.equal(typeof ack.error.message, "string");
  }
}

const [ann, bo] = await Promise.all([guest("Ann"), guest("Bo")]);
const alice = new Person(ann.token);
const hello = await alice.sees("hello");
assert.equal(hello.user.id, ann.user.id);
assert.equal(hello.protocol, 1);
works("hello");

const refused = io(`${URL}/chat`, { auth: { token: "nonsense" }, forceNew: true, reconnection: false });
const error = await within(new Promise((resolve) => refused.on("connect_error", resolve)), "connect_error");
assert.equal(error.data.code, "unauthenticated");
works("a bad token is refused");

const joined = await alice.does("join", { room: ROOM });
assert.deepEqual([joined.room.slug, joined.messages, joined.more], [ROOM, [], false]);
const bob = new Person(bo.token);
await bob.sees("hello");
await bob.does("join", { room: ROOM });
await alice.sees("presence", ({ joined: people }) => people.some(({ id }) => id === bo.user.id));
works("join and presence");

await within(
  (async () => {
    while (alice.transports.at(-1) !== "websocket") await new Promise((resolve) => alice.socket.io.engine.once("upgrade", resolve));
  })(),
  "the upgrade to WebSocket",
);
assert.deepEqual(alice.transports, ["polling", "websocket"]);
works("polling, then the upgrade");

const post = { room: ROOM, client_id: randomUUID(), body: "안녕하세요 😀, Bo" };
const posted = await alice.does("message", post);
assert.equal(posted.duplicate, false);
for (const person of [alice, bob]) {
  const event = await person.sees("message", ({ client_id }) => client_id === post.client_id);
  assert.equal(event.body, post.body);
  assert.equal(event.id, posted.message.id);
  assert.ok(event.prev < event.seq);
}
works("a message reaches everybody, its sender too");

const again = await alice.does("message", post);
assert.deepEqual([again.duplicate, again.message.id], [true, posted.message.id]);
await alice.isRefused("conflict", "message", { ...post, body: "another text" });
works("the same client_id stores once");

await bob.does("typing", { room: ROOM, typing: true });
await alice.sees("typing", ({ user, typing }) => user.id === bo.user.id && typing);
const read = await bob.does("read", { room: ROOM, seq: posted.message.seq });
assert.deepEqual([read.seq, read.unread], [posted.message.seq, 0]);
await alice.sees("read", ({ reads }) => reads[bo.user.id] === posted.message.seq);
works("typing and read");

const edited = await alice.does("edit", { message_id: posted.message.id, body: "edited" });
await bob.sees("message_changed", ({ id, body }) => id === edited.message.id && body === "edited");
await bob.does("react", { message_id: posted.message.id, emoji: "👍", on: true });
await alice.sees("message_changed", ({ reactions }) => reactions[0]?.users.includes(bo.user.id));
await bob.isRefused("forbidden", "edit", { message_id: posted.message.id, body: "not mine" });
works("edit and react");

bob.socket.disconnect();
await alice.does("message", { room: ROOM, client_id: randomUUID(), body: "while Bo was away" });
await alice.does("delete", { message_id: posted.message.id });
const back = new Person(bo.token);
await back.sees("hello");
const { epoch } = joined.room;
const missed = await back.does("join", { room: ROOM, since: posted.message.seq, epoch });
assert.deepEqual(missed.messages.map(({ body, deleted_at }) => [body, deleted_at !== null]).sort(), [["", true], ["while Bo was away", false]]);
const synced = await back.does("sync", { room: ROOM, since: missed.room.seq, epoch });
assert.deepEqual([synced.messages, synced.seq], [[], missed.room.seq]);
const page = await back.does("history", { room: ROOM, before: missed.room.seq + 1, limit: 1 });
assert.deepEqual([page.messages.length, page.more], [1, true]);
works("resume, sync and history");

await back.isRefused("unknown_event", "nonsense", {});
await back.isRefused("bad_request", "message", { ...post, client_id: randomUUID(), sender: "somebody else" });
await back.isRefused("bad_request", "message", "not an object");
await back.isRefused("too_long", "message", { ...post, client_id: randomUUID(), body: "x".repeat(hello.limits.body + 1) });
await back.isRefused("not_found", "read", { room: `${ROOM}-none`, seq: 1 });
await back.isRefused("bad_request", "join", { room: "no spaces" });
await back.does("typing", { room: ROOM, typing: false });
works("bad input gets its code and the connection stays");

alice.socket.disconnect();
back.socket.disconnect();
works("done");
