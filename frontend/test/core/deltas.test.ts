import { describe, expect, test } from "vitest";
import { answer, codePoints, extend } from "../../src/core/deltas";

const delta = (offset: number, text: string, attempt = 1) => ({ attempt, offset, text });

describe("a delta", () => {
  test("is appended where the text ends", () => {
    expect(extend(answer(1, "안녕"), delta(2, "하세요"))).toEqual({ attempt: 1, text: "안녕하세요", length: 5 });
  });

  test("trims what it says again, counting code points", () => {
    const held = answer(1, "a😀b😀c");
    expect(held.length).toBe(5);
    expect(extend(held, delta(3, "x"))).toEqual({ attempt: 1, text: "a😀bx", length: 4 });
    expect(extend(held, delta(1, "😀b😀cd"))).toEqual({ attempt: 1, text: "a😀b😀cd", length: 6 });
    expect(extend(held, delta(0, "z"))).toEqual({ attempt: 1, text: "z", length: 1 });
  });

  test("beyond the end is a hole", () => {
    expect(extend(answer(1, "😀"), delta(2, "x"))).toBe("hole");
    expect(extend(answer(1, "😀"), delta(1, "x"))).toMatchObject({ text: "😀x" });
  });

  test("of a new attempt is a hole, of an old one stale", () => {
    expect(extend(answer(2, ""), delta(0, "x", 3))).toBe("hole");
    expect(extend(answer(2, ""), delta(0, "x", 1))).toBe("stale");
  });

  test("any cutting of a text into deltas gives the text", () => {
    const text = "가😀나🇰🇷다👩‍👩‍👧e\u0301😀";
    const points = [...text];
    for (let size = 1; size <= points.length; size++) {
      let held = answer(1, "");
      for (let offset = 0; offset < points.length; offset += size) {
        // Each delta repeats one point of the one before.
        const from = Math.max(0, offset - 1);
        const next = extend(held, delta(from, points.slice(from, offset + size).join("")));
        if (typeof next === "string") throw new Error(next);
        held = next;
      }
      expect(held.text).toBe(text);
      expect(held.length).toBe(points.length);
    }
  });

  test("code points are counted as the server counts them", () => {
    expect(codePoints("")).toBe(0);
    expect(codePoints("e\u0301😀")).toBe(3);
    expect(codePoints("\ud83d!")).toBe(2);
  });
});
