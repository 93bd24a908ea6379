/**
 * Many of our connections to one server: CHAT_URL and PEOPLE. Prints {"stand": n} when all have stood long enough for a loss to be a
 * first one, then, when each was lost and is back, {"back": n, "waits": ms from each one's loss to its attempts}; ROUNDS times.
 */
import { expect, test } from "vitest";
import { ServerConnection } from "../../src/core/connection";
import { Http } from "../../src/core/http";
import { socketLinks } from "../../src/core/link";

const base = process.env["CHAT_URL"]!;
const people = Number(process.env["PEOPLE"] ?? 2);
const rounds = Number(process.env["ROUNDS"] ?? 0);
const STABLE_MS = 10_500;

class Someone {
  lostAt = 0;
  waits: number[] = [];
  #up = (): void => undefined;
  #connection: ServerConnection;

  constructor(token: string) {
    const open = socketLinks({ base, token });
    this.#connection = new ServerConnection(
      (events) => {
        if (this.lostAt > 0) this.waits.push(Date.now() - this.lostAt);
        return open(events);
      },
      { network: () => true, watch: () => () => undefined },
    );
    this.#connection.watch({
      came: () => this.#up(),
      went: () => (this.lostAt = Date.now()),
    });
  }

  start(): Promise<void> {
    const up = new Promise<void>((resolve) => (this.#up = resolve));
    this.#connection.start();
    return up;
  }

  back(): Promise<void> {
    this.lostAt = 0;
    this.waits = [];
    return new Promise((resolve) => (this.#up = () => this.lostAt > 0 && resolve()));
  }

  close(): void {
    this.#connection.close();
  }
}

const tell = (said: object): boolean => process.stdout.write(`${JSON.stringify(said)}\n`);

test("everybody comes back", { timeout: 240_000 }, async () => {
  const all: Someone[] = [];
  for (let n = 0; n < people; n++) {
    const { token } = await new Http({ base }).enterAsGuest(`Someone ${n}`);
    const someone = new Someone(token!);
    await someone.start();
    all.push(someone);
  }
  for (let round = 1; round <= rounds; round++) {
    await new Promise((resolve) => setTimeout(resolve, STABLE_MS));
    const back = Promise.all(all.map((someone) => someone.back()));
    tell({ stand: round });
    await back;
    tell({ back: round, waits: all.map((someone) => someone.waits) });
  }
  expect(all.length).toBe(people);
  for (const someone of all) someone.close();
});
