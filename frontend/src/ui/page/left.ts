/** Where a room was left, over a reload of the page as well (not over the end of the browser's session). */

/** The message at the eye's line and its distance from the upper edge. */
export interface Left {
  readonly key: string;
  readonly seq: number;
  readonly below: number;
}

const nameOf = (user: string, slug: string): string => `chatapp:left:${user}:${slug}`;

export function keepLeft(user: string, slug: string, left: Left | null): void {
  try {
    if (left) sessionStorage.setItem(nameOf(user, slug), JSON.stringify(left));
    else sessionStorage.removeItem(nameOf(user, slug));
  } catch {
    // Forbidden or full: the room opens at its end.
  }
}

export function leftAt(user: string, slug: string): Left | null {
  try {
    const { key, seq, below } = JSON.parse(sessionStorage.getItem(nameOf(user, slug)) ?? "null") as Left;
    return { key, seq, below };
  } catch {
    return null;
  }
}
