/** What a browser remembers: choices, and drafts. In private windows that forbid it, for as long as the page is open. */
import { effect, type Signal, signal } from "@preact/signals-core";
import type { Draft, Preferences } from "./api";

export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** localStorage, or something like it where that is missing or forbidden. */
export function browserShelf(): Shelf {
  try {
    const storage = globalThis.localStorage;
    storage.setItem("chatapp:probe", "1");
    storage.removeItem("chatapp:probe");
    return storage;
  } catch {
    return memoryShelf();
  }
}

export function memoryShelf(): Shelf {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    key: (index) => [...items.keys()][index] ?? null,
    get length() {
      return items.size;
    },
  };
}

export function preferences(shelf: Shelf): Preferences {
  /** A value that is not among the allowed ones (an older version's) is as good as none. */
  function choice<T>(name: string, allowed: readonly T[], fallback: T): Signal<T> {
    const key = `chatapp:pref:${name}`;
    const kept = shelf.getItem(key);
    const value = signal<T>(allowed.find((option) => String(option) === kept) ?? fallback);
    effect(() => keep(shelf, key, value.value === fallback ? "" : String(value.value)));
    return value;
  }
  return {
    theme: choice("theme", ["system", "light", "dark"] as const, "system"),
    language: choice<"ko" | "en" | null>("language", ["ko", "en"], null),
    enter: choice("enter", ["send", "break"] as const, "send"),
    stablePage: choice("stable-page", [true, false], false),
  };
}

const DRAFTS = "chatapp:draft:";

/** `kept`: whether this room's drafts may outlive the page. */
export function draft(shelf: Shelf, userId: string, slug: string, kept: () => boolean): Draft {
  const key = `${DRAFTS}${userId}:${slug}`;
  return {
    load: () => (kept() ? (shelf.getItem(key) ?? "") : ""),
    save: (text) => keep(shelf, key, kept() ? text : ""),
  };
}

export function wipeDrafts(shelf: Shelf, userId: string): void {
  const keys = Array.from({ length: shelf.length }, (_, index) => shelf.key(index));
  for (const key of keys) if (key?.startsWith(`${DRAFTS}${userId}:`)) shelf.removeItem(key);
}

function keep(shelf: Shelf, key: string, value: string): void {
  try {
    if (value === "") shelf.removeItem(key);
    else shelf.setItem(key, value);
  } catch {
    // Full: the page works on, it only remembers less.
  }
}
