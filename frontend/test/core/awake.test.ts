import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { browserAwake } from "../../src/core/awake";

/** A page with as much of a browser as is needed to fall asleep and wake up. */
class FakePage extends EventTarget {
  visibilityState: "visible" | "hidden" = "visible";

  say(name: string, fields: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(name), fields));
  }
}

let page: FakePage;
let told: string[];
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  page = new FakePage();
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", page);
  told = [];
  stop = browserAwake.watch({ wake: () => told.push("wake"), network: (on) => told.push(on ? "online" : "offline") });
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a page wakes up", () => {
  test("when it is shown again, not when it is hidden", () => {
    page.visibilityState = "hidden";
    page.say("visibilitychange");
    expect(told).toEqual([]);
    page.visibilityState = "visible";
    page.say("visibilitychange");
    expect(told).toEqual(["wake"]);
  });

  test("when it comes out of the browser's cache, not when it is loaded", () => {
    page.say("pageshow", { persisted: false });
    expect(told).toEqual([]);
    page.say("pageshow", { persisted: true });
    expect(told).toEqual(["wake"]);
  });

  test("when its timers show that the machine slept: the clock has jumped, the page saw nothing of it", () => {
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([]);
    vi.setSystemTime(Date.now() + 8 * 3600_000);
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual(["wake"]);
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(["wake"]);
  });

  test("but not by the slow timers of a page that is hidden", () => {
    page.visibilityState = "hidden";
    vi.setSystemTime(Date.now() + 60_000);
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([]);
  });

  test("and hears of the network coming and going, until it watches no more", () => {
    page.say("offline");
    page.say("online");
    expect(told).toEqual(["offline", "online"]);
    stop();
    page.say("online");
    page.say("visibilitychange");
    vi.setSystemTime(Date.now() + 3600_000);
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(["offline", "online"]);
  });
});
