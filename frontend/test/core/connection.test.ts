import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ServerConnection } from "../../src/core/connection";
import { FakeAwake, pass, stopClock } from "./support/client";
import { FakeServer } from "./support/server";

let server: FakeServer;
let awake: FakeAwake;
let connection: ServerConnection;

beforeEach(() => {
  stopClock();
  server = new FakeServer();
  awake = new FakeAwake();
  connection = new ServerConnection(server.openLink, awake, () => 0);
});
afterEach(() => {
  connection.close();
  vi.useRealTimers();
});

async function connected(): Promise<void> {
  connection.start();
  await pass(15_000);
  expect(connection.status.value).toMatchObject({ state: "connected", downSince: null, transport: "websocket" });
}

describe("a crowd that loses its server", () => {
  test("tries at most twice a client in the first 5 s, and never all at once", async () => {
    // Each with dice of its own, from a fixed throw: the same crowd every time.
    let thrown = 1;
    const dice = (): number => (thrown = (thrown * 16_807) % 2_147_483_647) / 2_147_483_647;
    const crowd = Array.from({ length: 200 }, () => {
      const attempts: number[] = [];
      const one = new ServerConnection((events) => (attempts.push(Date.now()), server.openLink(events)), awake, dice);
      one.start();
      return { one, attempts };
    });
    await pass(15_000);
    expect(crowd.every(({ one }) => one.up)).toBe(true);
    const lost = Date.now();
    server.cut();
    await pass(5_000);
    const early = crowd.map(({ attempts }) => attempts.filter((at) => at > lost));
    expect(Math.max(...early.map((attempts) => attempts.length))).toBeLessThanOrEqual(2);
    const first = early.map(([at]) => at! - lost).sort((a, b) => a - b);
    expect(first.at(-1)! - first[0]!).toBeGreaterThan(3_000);
    // In no tenth of a second more than a few: 200 over 3.5 s are 6 on average.
    const tenths = new Map<number, number>();
    for (const at of first) tenths.set(Math.floor(at / 100), (tenths.get(Math.floor(at / 100)) ?? 0) + 1);
    expect(Math.max(...tenths.values())).toBeLessThan(20);
    server.door = "open";
    await pass(30_000);
    expect(crowd.every(({ one }) => one.up)).toBe(true);
    for (const { one } of crowd) one.close();
  });
});

describe("the connection", () => {
  test("says when it was lost and when it tries again, and comes back", async () => {
    await connected();
    server.cut();
    const now = Date.now();
    expect(connection.status.value).toMatchObject({ state: "offline", downSince: now, retryAt: now + 1000, transport: null });
    server.door = "open";
    await pass(1000);
    expect(connection.status.value).toMatchObject({ state: "connected", downSince: null, retryAt: null });
  });

  test("waits longer after each failure, up to half a minute, and keeps saying since when it is down", async () => {
    await connected();
    server.cut();
    const lost = Date.now();
    const waits: number[] = [];
    for (let failure = 0; failure < 8; failure++) {
      waits.push(connection.status.value.retryAt! - Date.now());
      await pass(waits.at(-1)!);
      expect(connection.status.value.downSince).toBe(lost);
    }
    expect(waits).toEqual([1000, 1500, 3000, 6000, 12_000, 18_000, 18_000, 18_000]);
  });

  test("one that is dropped as soon as it stands is not hammered", async () => {
    connection.start();
    await pass();
    const waits: number[] = [];
    for (let drop = 0; drop < 4; drop++) {
      server.cut("open");
      waits.push(connection.status.value.retryAt! - Date.now());
      await pass(waits.at(-1)!);
    }
    expect(waits).toEqual([1500, 3000, 6000, 12_000]);
  });

  test("comes back when the server that closes asked it to", async () => {
    await connected();
    server.tell("closing", { reason: "restart", retry_after: 7.5 });
    server.cut();
    expect(connection.status.value.retryAt).toBe(Date.now() + 7500);
  });

  test("waits as long as a refusal asks for", async () => {
    server.door = "refused";
    server.refusal = { code: "rate_limited", message: "slow down", retry_after: 20 };
    connection.start();
    await pass();
    expect(connection.status.value.retryAt).toBe(Date.now() + 20_000);
  });

  test("tries at once when asked, when the network comes, and when the page wakes", async () => {
    await connected();
    for (const nudge of [() => connection.tryNow(), () => awake.setNetwork(true), () => awake.wake()]) {
      server.cut();
      expect(connection.up).toBe(false);
      server.door = "open";
      nudge();
      await pass();
      expect(connection.up).toBe(true);
      await pass(15_000);
    }
  });

  test("gives an attempt up that gets no answer", async () => {
    server.door = "silent";
    connection.start();
    await pass(20_000);
    expect(connection.status.value).toMatchObject({ state: "offline" });
    server.door = "open";
    await pass(1500);
    expect(connection.up).toBe(true);
  });

  test("ends with a revoked session, and with one that is not accepted", async () => {
    await connected();
    server.revoke();
    expect(connection.status.value).toMatchObject({ state: "offline", ended: "revoked", retryAt: null });
    connection.tryNow();
    await pass(60_000);
    expect(server.attempts).toBe(1);

    const other = new ServerConnection(server.openLink, awake);
    server.door = "refused";
    server.refusal = { code: "unauthenticated", message: "no" };
    other.start();
    await pass(60_000);
    expect(other.status.value).toMatchObject({ ended: "unauthenticated", retryAt: null });
    expect(server.attempts).toBe(2);
  });

  test("says so when the device has no network, and tries all the same", async () => {
    await connected();
    awake.setNetwork(false);
    server.cut("open");
    expect(connection.status.value).toMatchObject({ state: "offline", network: false });
    await pass(1000);
    expect(connection.up).toBe(true);
  });
});

describe("a request", () => {
  test("is answered with what the ack adds, or rejected with its error", async () => {
    await connected();
    await expect(connection.emit("read", { room: "general", seq: 3 })).resolves.toMatchObject({ seq: 3 });
    server.fail("read", { code: "not_found", message: "no room", request_id: "r1" });
    await expect(connection.emit("read", { room: "x", seq: 3 })).rejects.toMatchObject({ code: "not_found", retryable: false, requestId: "r1" });
  });

  test("fails as `network` without an answer, at a loss, and without a connection", async () => {
    await connected();
    server.next("read", () => null);
    const unanswered = expect(connection.emit("read", { room: "general", seq: 3 })).rejects.toMatchObject({ code: "network", retryable: true });
    await pass(10_000);
    await unanswered;
    server.next("read", () => null);
    const cut = expect(connection.emit("read", { room: "general", seq: 3 })).rejects.toMatchObject({ code: "network" });
    server.cut();
    await cut;
    await expect(connection.emit("read", { room: "general", seq: 3 })).rejects.toMatchObject({ code: "network" });
  });
});
