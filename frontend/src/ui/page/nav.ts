/** The address of the page: rooms without a reload, and layers (drawers, dialogs) that Back closes. */
import { signal } from "@preact/signals";

export interface Place {
  readonly slug: string;
  /** A message to show, from /r/<slug>/<seq>. */
  readonly seq: number | null;
}

export function placeIn(path: string): Place | null {
  const found = /^\/r\/([^/]+)(?:\/(\d+))?\/?$/.exec(path);
  if (!found) return null;
  try {
    return { slug: decodeURIComponent(found[1]!), seq: found[2] === undefined ? null : Number(found[2]) };
  } catch {
    return null;
  }
}

export function pathOf(slug: string, seq: number | null = null): string {
  return `/r/${encodeURIComponent(slug)}${seq === null ? "" : `/${seq}`}`;
}

/** The cookie that says of one room, by its path, who left it; chatapp/web/pages.py asks for it. */
const LEFT_COOKIE = "chatapp-left";
const REMEMBERED_S = 30 * 24 * 3600;

/**
 * Goes to the start from a room that one has left. Opening its page would make one a member again, and Back and Forward
 * do open it: the server asks first.
 */
export function departFrom(slug: string, userId: string): void {
  document.cookie = `${LEFT_COOKIE}=${userId}; path=${pathOf(slug)}; max-age=${REMEMBERED_S}; samesite=lax`;
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  location.assign("/");
}

export const place = signal<Place | null>(null);

interface Layer {
  readonly depth: number;
  readonly close: () => void;
}

const layers: Layer[] = [];

const depthNow = (): number => (history.state as { depth?: number } | null)?.depth ?? 0;

/** Goes to a room or to one of its messages. An open layer gives its place in the history to it. */
export function go(slug: string, seq: number | null = null): void {
  const path = pathOf(slug, seq);
  if (depthNow() > 0) history.replaceState(null, "", path);
  else if (location.pathname !== path) history.pushState(null, "", path);
  for (const layer of layers.splice(0)) layer.close();
  place.value = { slug, seq };
}

/** Opens a layer: `close` is called when Back is pressed. Returns what to call when it closes otherwise. */
export function openLayer(close: () => void): () => void {
  const layer = { depth: depthNow() + 1, close };
  layers.push(layer);
  history.pushState({ depth: layer.depth }, "");
  return () => {
    const at = layers.indexOf(layer);
    if (at < 0) return;
    layers.splice(at, 1);
    if (depthNow() === layer.depth) history.back();
  };
}

/** Reads the address and follows Back and Forward. */
export function startNavigation(): void {
  place.value = placeIn(location.pathname);
  addEventListener("popstate", () => {
    const depth = depthNow();
    while (layers.length > 0 && layers.at(-1)!.depth > depth) layers.pop()!.close();
    const next = placeIn(location.pathname);
    const now = place.peek();
    if (next?.slug !== now?.slug || next?.seq !== now?.seq) place.value = next;
  });
}
