import { describe, expect, it } from "vitest";
import { placeAfter } from "../../src/ui/timeline/grouping";
import { message } from "./make";

const at = (clock: string, day = 20) => new Date(`2026-11-${day}T${clock}`).toISOString();

describe("a group", () => {
  const above = message({ created_at: at("14:00:00") });

  it("goes on for five minutes, and not longer", () => {
    expect(placeAfter(above, message({ created_at: at("14:05:00") })).first).toBe(false);
    expect(placeAfter(above, message({ created_at: at("14:05:01") })).first).toBe(true);
  });

  it("ends with another sender", () => {
    const other = message({ created_at: at("14:00:10"), sender: { id: "other", name: "Mina Kwon", kind: "person" } });
    expect(placeAfter(above, other).first).toBe(true);
  });

  it("ends at midnight, and a day begins", () => {
    const late = message({ created_at: at("23:59:00") });
    expect(placeAfter(late, message({ created_at: at("00:01:00", 21) }))).toEqual({ first: true, newDay: true });
    expect(placeAfter(late, message({ created_at: at("23:59:30") }))).toEqual({ first: false, newDay: false });
  });

  it("ends at a reply", () => {
    const reply_to = { id: "1-1", seq: 1, sender: above.sender, excerpt: "…", deleted: false };
    expect(placeAfter(above, message({ created_at: at("14:01:00"), reply_to })).first).toBe(true);
  });

  it("ends at an answer and at a system message", () => {
    const answer = { created_at: at("14:01:00"), sender: { id: "assistant", name: "assistant", kind: "assistant" as const } };
    expect(placeAfter(message(answer), message(answer)).first).toBe(true);
    expect(placeAfter(above, message({ created_at: at("14:01:00"), type: "system" })).first).toBe(true);
  });

  it("begins with the first message", () => {
    expect(placeAfter(undefined, above)).toEqual({ first: true, newDay: true });
  });
});
