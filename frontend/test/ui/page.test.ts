import { describe, expect, it } from "vitest";
import { systemSentence } from "../../src/ui/message/System";
import { sizeOf } from "../../src/ui/message/Uploads";
import { pathOf, placeIn } from "../../src/ui/page/nav";
import { titleOf } from "../../src/ui/page/tab_title";
import { message } from "./make";

describe("an address", () => {
  it("names a room and perhaps one of its messages, in any script", () => {
    expect(placeIn("/r/design")).toEqual({ slug: "design", seq: null });
    expect(placeIn(pathOf("배포-회의", 123))).toEqual({ slug: "배포-회의", seq: 123 });
  });

  it("is no room's when it is another page's, or broken", () => {
    for (const path of ["/", "/settings", "/r/", "/r/a/b", "/r/%E0%A4%A"]) expect(placeIn(path), path).toBe(null);
  });
});

describe("the title of the tab", () => {
  it("counts mentions, and nothing else", () => {
    expect(titleOf("#release", 2)).toBe("(2) #release");
    expect(titleOf("#release", 0)).toBe("#release");
  });
});

describe("what the room itself says", () => {
  const said = (params: Record<string, unknown>, folded = 0) => systemSentence(message({ type: "system", params }), folded);

  it("is a sentence for each kind, and for one that this page does not know yet", () => {
    expect(said({ kind: "joined", user: { name: "Mina" } })).toBe("Mina joined");
    expect(said({ kind: "joined", user: { name: "Mina" } }, 2)).toBe("Mina and 2 more joined");
    expect(said({ kind: "role", user: { name: "Mina" }, by: { name: "Jimin" }, role: "moderator" })).toBe("Jimin made Mina moderator");
    expect(said({ kind: "of tomorrow" })).toBe("The room was changed");
  });
});

describe("the size of a file", () => {
  it("is short", () => {
    expect([0, 999, 1000, 1_234_567, 52_000_000].map(sizeOf)).toEqual(["0 B", "999 B", "1.0 kB", "1.2 MB", "52 MB"]);
  });
});
