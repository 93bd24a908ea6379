/** Light, dark, or as the system: on the page, and in a cookie so that the server's first paint is right. */
import { effect } from "@preact/signals-core";
import type { Preferences } from "../../core/api";

const A_YEAR_S = 31_536_000;

/** Keeps a choice where the server sees it; null forgets it. */
export function remember(name: string, value: string | null): void {
  document.cookie = `${name}=${value ?? ""}; path=/; samesite=lax; max-age=${value === null ? 0 : A_YEAR_S}`;
}

/** The theme follows the person's choice from now on. */
export function applyTheme(prefs: Pick<Preferences, "theme">): void {
  effect(() => {
    const theme = prefs.theme.value;
    const { dataset } = document.documentElement;
    if (theme === "system") delete dataset["theme"];
    else dataset["theme"] = theme;
    remember("theme", theme === "system" ? null : theme);
  });
}
