import { describe, expect, test } from "vitest";
import { Http } from "../../src/core/http";

function serving(status: number, body: unknown, headers: Record<string, string> = {}) {
  const calls: { url: string; init: RequestInit }[] = [];
  const answer = typeof body === "string" ? body : JSON.stringify(body);
  const fetching = async (url: unknown, init: RequestInit = {}) => {
    calls.push({ url: String(url), init });
    return new Response(status === 204 ? null : answer, { status, headers });
  };
  return { calls, fetch: fetching as typeof fetch };
}

describe("a call of the API", () => {
  test("by a browser carries its cookie and the header that other sites cannot set", async () => {
    const server = serving(201, { room: { slug: "방" } });
    await new Http(server).createRoom({ slug: "방" });
    const { url, init } = server.calls[0]!;
    expect([url, init.method, init.credentials, init.body]).toEqual(["/api/v1/rooms", "POST", "same-origin", '{"slug":"방"}']);
    expect(init.headers).toMatchObject({ "X-Chatapp-Csrf": "1", "Content-Type": "application/json" });
    expect(init.headers).not.toHaveProperty("Authorization");
  });

  test("with a token carries that and no cookie", async () => {
    const server = serving(200, { messages: [], more: false });
    await new Http({ ...server, base: "https://chat.example", token: "t" }).messages("방 1", { before: 7, limit: 20 });
    const { url, init } = server.calls[0]!;
    expect([url, init.credentials]).toEqual([`https://chat.example/api/v1/rooms/${encodeURIComponent("방 1")}/messages?before=7&limit=20`, "omit"]);
    expect(init.headers).toMatchObject({ Authorization: "Bearer t" });
  });

  test("without an answer body is done", async () => {
    await expect(new Http(serving(204, "")).signOut()).resolves.toBeUndefined();
  });

  test("that is refused rejects with the code, the wait and the request's id", async () => {
    const error = { code: "rate_limited", message: "slow down", retry_after: 3, request_id: "r" };
    await expect(new Http(serving(429, { error })).me()).rejects.toMatchObject({ code: "rate_limited", retryAfter: 3, requestId: "r", retryable: true });
  });

  test("answered by something else than the application has a code all the same", async () => {
    await expect(new Http(serving(502, "<html>Bad gateway")).me()).rejects.toMatchObject({ code: "unavailable" });
    await expect(new Http(serving(429, "slow", { "Retry-After": "9" })).me()).rejects.toMatchObject({ code: "rate_limited", retryAfter: 9 });
    await expect(new Http(serving(500, "oops")).me()).rejects.toMatchObject({ code: "internal" });
    await expect(new Http(serving(200, "<html>A captive portal")).me()).rejects.toMatchObject({ code: "internal" });
  });

  test("that reaches nobody is `network`", async () => {
    const nobody = (async () => {
      throw new TypeError("Failed to fetch");
    }) as typeof fetch;
    await expect(new Http({ fetch: nobody }).me()).rejects.toMatchObject({ code: "network", retryable: true });
  });
});
