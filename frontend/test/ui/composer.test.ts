import { describe, expect, it } from "vitest";
import { actOf, commandIn, inOpenFence, roomLeft, type Press, type Situation } from "../../src/ui/composer/keys";
import { emojiQuery } from "../../src/ui/emoji/query";

const press = (key: string, more: Partial<Press> = {}): Press => ({ key, shift: false, command: false, composing: false, ...more });
const desk: Situation = { enter: "send", touch: false, inFence: false, empty: false, listOpen: false, hasBanner: false };

describe("Enter", () => {
  it("sends, and with Shift breaks the line", () => {
    expect(actOf(press("Enter"), desk)).toBe("send");
    expect(actOf(press("Enter", { shift: true }), desk)).toBe(null);
  });

  it("does nothing while a syllable is being composed", () => {
    expect(actOf(press("Enter", { composing: true }), desk)).toBe(null);
    expect(actOf(press("Enter", { composing: true, command: true }), desk)).toBe(null);
    expect(actOf(press("ArrowUp", { composing: true }), { ...desk, empty: true })).toBe(null);
  });

  it("breaks the line on touch, in an open fence and by choice; Ctrl or ⌘ then sends", () => {
    for (const now of [{ ...desk, touch: true }, { ...desk, inFence: true }, { ...desk, enter: "break" as const }]) {
      expect(actOf(press("Enter"), now)).toBe(null);
      expect(actOf(press("Enter", { command: true }), now)).toBe("send");
    }
  });

  it("chooses from an open list", () => {
    const list = { ...desk, listOpen: true };
    expect(actOf(press("Enter"), list)).toBe("choose");
    expect(actOf(press("Tab"), list)).toBe("choose");
    expect(actOf(press("Enter", { composing: true }), list)).toBe(null);
    expect(actOf(press("Escape"), list)).toBe("close_list");
    expect(actOf(press("ArrowUp"), { ...list, empty: true })).toBe("previous");
  });
});

describe("other keys", () => {
  it("edit the last own message from an empty box only", () => {
    expect(actOf(press("ArrowUp"), { ...desk, empty: true })).toBe("edit_last");
    expect(actOf(press("ArrowUp"), desk)).toBe(null);
  });

  it("leave an edit or an answer by Escape", () => {
    expect(actOf(press("Escape"), { ...desk, hasBanner: true })).toBe("close_banner");
    expect(actOf(press("Escape"), desk)).toBe(null);
  });
});

describe("a fence", () => {
  it("is open until its end is written, before or after the caret", () => {
    expect(inOpenFence("```py\nprint(", 12)).toBe(true);
    expect(inOpenFence("```py\nprint()\n```\n", 18)).toBe(false);
    expect(inOpenFence("```py\nprint()\n```", 10)).toBe(false);
    expect(inOpenFence("a ``` b", 7)).toBe(false);
    expect(inOpenFence("````\n```\n", 9)).toBe(true);
  });
});

describe("a command", () => {
  it("is known, unknown or no command at all", () => {
    expect(commandIn("/stop")).toEqual({ name: "stop" });
    expect(commandIn("/Help me")).toEqual({ name: "help" });
    expect(commandIn("/shrug")).toEqual({ unknown: "/shrug" });
    expect(commandIn("/etc/hosts")).toBe(null);
    expect(commandIn("a /stop")).toBe(null);
  });
});

describe("the counter", () => {
  it("appears at nine tenths of the limit and counts code points", () => {
    expect(roomLeft("a".repeat(89), 100)).toBe(null);
    expect(roomLeft("a".repeat(90), 100)).toBe(10);
    expect(roomLeft("😀".repeat(60), 100)).toBe(null);
    expect(roomLeft("😀".repeat(101), 100)).toBe(-1);
  });
});

describe("an emoji's name", () => {
  it("needs a colon at a word's start and two letters", () => {
    expect(emojiQuery("좋아 :sm", 6)).toEqual({ start: 3, typed: "sm" });
    expect(emojiQuery(":웃음", 3)).toEqual({ start: 0, typed: "웃음" });
    expect(emojiQuery(":s", 2)).toBe(null);
    expect(emojiQuery("12:30", 5)).toBe(null);
    expect(emojiQuery("https://", 8)).toBe(null);
  });
});
