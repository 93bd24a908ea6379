/**
 * What the server's templates and the scripts of the pages agree on.
 *
 * A page has `<div id="app">`, which the script fills (what stood in it is for the time until then), and its data as
 * JSON in `<script type="application/json" id="boot">`. `<html>` carries `lang` and, if the person chose one, `data-theme`:
 * from the cookies `chatapp-lang` and `theme`, which the script writes, so that the first paint is right.
 */
import { effect } from "@preact/signals";
import type { Boot, Preferences } from "../../core/api";
import { browserLanguage, language } from "../../i18n";
import { applyTheme, remember } from "./theme";

export function readBoot(): Boot {
  const text = document.getElementById("boot")?.textContent;
  return text ? (JSON.parse(text) as Boot) : { user: null };
}

/** The element of the page, empty. */
export function appElement(): HTMLElement {
  const app = document.getElementById("app");
  if (!app) throw new Error("The page has no #app.");
  app.replaceChildren();
  return app;
}

/** Language and theme follow the person's choice from now on. */
export function applyPreferences(prefs: Preferences): void {
  applyTheme(prefs);
  // Without a choice here, the server's: it knows what was chosen on its own pages, and what the browser asks for.
  const served = document.documentElement.lang;
  effect(() => {
    language.value = prefs.language.value ?? (served === "ko" || served === "en" ? served : browserLanguage());
    document.documentElement.lang = language.value;
    if (prefs.language.value !== null) remember("chatapp-lang", prefs.language.value);
  });
}

/** iOS lays its keyboard over the page: the height that is left is known to the visual viewport alone. */
export function fitToKeyboard(): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const fit = (): void => {
    const covered = innerHeight - viewport.height * viewport.scale > 1 && viewport.scale === 1;
    document.documentElement.style.setProperty("--height", covered ? `${viewport.height}px` : "100dvh");
    if (covered) scrollTo(0, 0);
  };
  viewport.addEventListener("resize", fit);
  fit();
}
