/** Walking in a grid by arrow keys. */

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End";

const ARROWS: ReadonlySet<string> = new Set<Arrow>(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);

export function isArrow(key: string): key is Arrow {
  return ARROWS.has(key);
}

/** Where a key leads from a cell; rows may be of different lengths. Null: out of the grid. */
export function neighbour<T>(rows: readonly (readonly T[])[], cell: T, key: Arrow): T | null {
  const y = rows.findIndex((row) => row.includes(cell));
  const row = rows[y];
  if (!row) return null;
  const x = row.indexOf(cell);
  const all = rows.flat();
  const at = all.indexOf(cell);
  switch (key) {
    case "ArrowLeft":
      return all[at - 1] ?? null;
    case "ArrowRight":
      return all[at + 1] ?? null;
    case "Home":
      return row[0] ?? null;
    case "End":
      return row.at(-1) ?? null;
    default: {
      const next = rows[y + (key === "ArrowDown" ? 1 : -1)];
      return next ? (next[Math.min(x, next.length - 1)] ?? null) : null;
    }
  }
}
