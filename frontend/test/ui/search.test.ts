import { describe, expect, test } from "vitest";
import { neighbour } from "../../src/ui/emoji/walk";
import { slugOf } from "../../src/ui/rooms/slug";
import { excerptOf } from "../../src/ui/search/excerpt";

const hits = (body: string, query: string): string[] => excerptOf(body, query).filter(({ hit }) => hit).map(({ text }) => text);
const whole = (body: string, query: string): string => excerptOf(body, query).map(({ text }) => text).join("");

describe("an excerpt", () => {
  test("marks every word of the query wherever it stands, in any case, also inside Korean words", () => {
    expect(hits("The Meeting: a meeting of MEETINGS", "meeting")).toEqual(["Meeting", "meeting", "MEETING"]);
    expect(hits("금요일 배포회의는 세 시", "회의 세")).toEqual(["회의", "세"]);
    expect(hits("re-read and read", "read re-read")).toEqual(["re-read", "read"]);
    expect(hits("회의".normalize("NFD"), "회의")).toEqual(["회의"]);
  });

  test("is one line around the first hit, and says where it was cut", () => {
    const body = `${"before ".repeat(50)}needle\n\n${"after ".repeat(50)}`;
    const shown = whole(body, "needle");
    expect(shown.startsWith("…")).toBe(true);
    expect(shown.endsWith("…")).toBe(true);
    expect(shown).toContain("needle after");
    expect(shown.length).toBeLessThan(200);
    expect(whole("short", "nothing")).toBe("short");
    expect(hits("a.b", ".")).toEqual(["."]);
    expect(excerptOf("", "x")).toEqual([]);
  });

  test("never cuts a character in two, and letters that grow in lower case shift nothing", () => {
    for (let length = 110; length < 130; length++) {
      const shown = whole(`${"😀".repeat(length)}needle${"😀".repeat(90)}`, "needle");
      expect(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(shown)).toBe(false);
      expect(shown).toContain("needle");
    }
    expect(hits("İİİ needle", "needle")).toEqual(["needle"]);
  });
});

test("a room's address follows from its name", () => {
  expect(slugOf("  Design Talk 디자인! ")).toBe("design-talk-디자인");
  expect(slugOf("ＡＢＣ_1")).toBe("abc_1");
  expect(slugOf("!?")).toBe("");
  expect([...slugOf("😀가".repeat(100))]).toHaveLength(64);
});

test("arrows walk a grid of uneven rows", () => {
  const rows = [["a", "b", "c"], ["d"], ["e", "f"]];
  expect(neighbour(rows, "c", "ArrowRight")).toBe("d");
  expect(neighbour(rows, "c", "ArrowDown")).toBe("d");
  expect(neighbour(rows, "f", "ArrowUp")).toBe("d");
  expect(neighbour(rows, "a", "ArrowUp")).toBe(null);
  expect(neighbour(rows, "a", "ArrowLeft")).toBe(null);
  expect(neighbour(rows, "b", "Home")).toBe("a");
  expect(neighbour(rows, "e", "End")).toBe("f");
  expect(neighbour(rows, "z", "End")).toBe(null);
});
