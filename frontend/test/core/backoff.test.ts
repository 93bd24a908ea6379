import { describe, expect, test } from "vitest";
import { retryDelay } from "../../src/core/backoff";

const least = () => 0;
const most = () => 1;

describe("waiting before the next attempt", () => {
  test("starts at 1 s, doubles, and ends at 30 s, whatever the dice", () => {
    expect(retryDelay(0, least)).toBe(1000);
    for (let failures = 1; failures < 40; failures++) {
      const middle = retryDelay(failures, () => 0.5);
      expect(middle).toBe(Math.min(24, 2 ** failures) * 1000);
      expect(retryDelay(failures, least)).toBeGreaterThanOrEqual(1000);
      expect(retryDelay(failures, most)).toBeLessThanOrEqual(30_000);
    }
  });

  test("spreads the first over more than 3 s", () => {
    expect(retryDelay(0, most) - retryDelay(0, least)).toBeGreaterThan(3000);
  });

  test("leaves room for no third attempt in the first 5 s", () => {
    const third = [0, 1, 2].reduce((time, failures) => time + retryDelay(failures, least), 0);
    expect(third).toBeGreaterThan(5000);
  });
});
