/** The client itself against a real server: CHAT_URL=http://127.0.0.1:5000 npm test runs this in place of the other tests. */
import { effect } from "@preact/signals-core";
import { afterAll, expect, test } from "vitest";
import type { ChatClient, RoomStore } from "../../src/core/api";
import { createClient } from "../../src/core/client";
import { memoryEntries } from "../../src/core/entries";
import { Http } from "../../src/core/http";
import { newClientId } from "../../src/core/ids";
import { type Link, type OpenLink, socketLinks } from "../../src/core/link";
import { memoryShelf } from "../../src/core/prefs";

const base = process.env["CHAT_URL"]!;
const slug = `core-${newClientId().slice(-8)}`;
const opened: ChatClient[] = [];

interface Person {
  readonly client: ChatClient;
  readonly room: RoomStore;
  readonly userId: string;
  /** Cuts the connection as a lost network does, and keeps it cut until `mend`. */
  cut(): void;
  mend(): void;
}

/** Resolves when `look` is true; signals tell when to look again. */
function until(look: () => boolean, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not within 8 s: ${what}`)), 8_000);
    const stop = effect(() => {
      if (!look()) return;
      clearTimeout(timer);
      queueMicrotask(() => stop());
      resolve();
    });
  });
}

async function guest(name: string): Promise<Person> {
  const { token, user } = await new Http({ base }).enterAsGuest(name);
  const links = new Set<() => void>();
  let broken = false;
  const openLink: OpenLink = (events): Link => {
    if (broken) {
      queueMicrotask(() => events.refused(null));
      return { emit: () => undefined, close: () => undefined };
    }
    const link = socketLinks({ base, token })(events);
    links.add(() => {
      link.close();
      events.down(false);
    });
    return link;
  };
  const client = createClient(
    { user },
    {
      http: new Http({ base, token }),
      openLink,
      awake: { network: () => true, watch: () => () => undefined },
      shelf: memoryShelf(),
      entries: memoryEntries(),
      tabs: { alone: (_, task) => task(), tell: () => undefined, hear: () => undefined, close: () => undefined },
    },
  );
  opened.push(client);
  const room = client.room(slug);
  client.start();
  await until(() => room.status.value === "ready", `${name} in the room`);
  return {
    client,
    room,
    userId: user.id,
    cut: () => {
      broken = true;
      for (const cut of links) cut();
      links.clear();
    },
    mend: () => {
      broken = false;
      client.tryNow();
    },
  };
}

const texts = ({ room }: Person): string[] => room.rows.value.map((row) => row.text.value);
const allSent = ({ room }: Person): boolean => room.rows.value.every((row) => row.delivery.value.state === "sent");

afterAll(() => opened.forEach((client) => client.close()));

test("two people talk, one is cut off, both end with the same timeline", { timeout: 60_000 }, async () => {
  const alice = await guest("Alice");
  const bob = await guest("Bob");
  alice.room.send("안녕 😀");
  await until(() => texts(bob).includes("안녕 😀"), "Bob sees the message");
  await until(() => allSent(alice), "Alice's message is sent");
  expect(bob.room.unread.value).toBe(1);
  bob.room.markRead(bob.room.rows.value.at(-1)!.message.value.seq);
  await until(() => (alice.room.reads.value.get(bob.userId) ?? 0) > 0, "Alice sees that Bob has read");
  bob.room.typed("hm");
  await until(() => alice.room.typing.value.length === 1, "Alice sees Bob type");

  alice.cut();
  await until(() => alice.client.connection.value.state === "offline", "Alice is cut off");
  for (const text of ["one", "two", "three"]) alice.room.send(text);
  expect(alice.room.rows.value.slice(-3).map((row) => row.delivery.value.state)).toEqual(["waiting", "waiting", "waiting"]);
  bob.room.send("where is Alice?");
  await until(() => allSent(bob) && texts(bob).includes("where is Alice?"), "Bob's message is sent");
  await bob.room.react(alice.room.rows.value[0]!.message.value.id, "👍", true);
  alice.mend();
  await until(() => allSent(alice) && texts(alice).length === 5, "Alice's messages are sent");
  await until(() => texts(bob).length === 5, "Bob has all");
  expect(texts(alice)).toEqual(["안녕 😀", "where is Alice?", "one", "two", "three"]);
  expect(texts(bob)).toEqual(texts(alice));
  expect(alice.room.rows.value[0]!.message.value.reactions).toMatchObject([{ emoji: "👍", count: 1 }]);
  expect(alice.room.caughtUp.value?.count).toBe(1);
});

test("everybody watches the assistant's answer grow, who comes late too, and it ends the same for all", { timeout: 60_000 }, async () => {
  const alice = await guest("Alice");
  const bob = await guest("Bob");
  const key = alice.room.send("@assistant hello");
  const answer = (person: Person) => person.room.rows.value.find((row) => row.message.value.sender.kind === "assistant");
  await until(() => answer(bob) !== undefined, "the answer begins");
  const seen = new Set<string>();
  const stop = effect(() => void seen.add(answer(bob)!.text.value));
  await until(() => answer(bob)!.text.value !== "", "its first words");
  const carol = await guest("Carol");
  const ended = (person: Person): boolean => answer(person)?.message.value.status === "done";
  await until(() => [alice, bob, carol].every(ended), "the answer ends");
  stop();
  expect(seen.size).toBeGreaterThan(2);
  expect(alice.room.rows.value.find((row) => row.key === key)?.delivery.value.state).toBe("sent");
  for (const person of [bob, carol]) expect(answer(person)!.text.value).toBe(answer(alice)!.text.value);
});

test("a signed-out session ends its live connection", { timeout: 30_000 }, async () => {
  const dave = await guest("Dave");
  await dave.client.http.signOut();
  await until(() => dave.client.connection.value.ended === "revoked", "the connection ends");
  expect(dave.client.me.value?.id).toBe(dave.userId);
});
