import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** The tokens of one theme, as they stand in the style sheet. */
function tokens(theme: "light" | "dark"): Record<string, string> {
  const css = readFileSync(new URL("../../src/styles/tokens.css", import.meta.url), "utf8");
  const pairs = [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)];
  return Object.fromEntries(pairs.map(([, name, light, dark]) => [name!, theme === "light" ? light! : dark!]));
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

/** Contrast of WCAG 2. */
function contrast(ink: string, paper: string): number {
  const [light, dark] = [luminance(ink), luminance(paper)].sort((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

const PAPERS = ["bg", "side", "raised"];

describe.each(["light", "dark"] as const)("the %s theme", (theme) => {
  const token = tokens(theme);
  const worst = (ink: string, papers: string[]) => Math.min(...papers.map((paper) => contrast(token[ink]!, token[paper]!)));

  it("has text at 9.5 to 1 or more on every paper", () => {
    expect(worst("text", [...PAPERS, "own", "hit"])).toBeGreaterThanOrEqual(9.5);
  });

  it("has every other ink at 4.8 to 1 or more", () => {
    for (const ink of ["muted", "accent", "ai", "danger", "warn", "ok"]) {
      expect(worst(ink, PAPERS), ink).toBeGreaterThanOrEqual(4.8);
    }
    expect(contrast(token["on-accent"]!, token["accent"]!)).toBeGreaterThanOrEqual(4.8);
  });

  it("has the borders of controls at 3.4 to 1 or more", () => {
    expect(worst("ctl", PAPERS)).toBeGreaterThanOrEqual(3.4);
  });
});
