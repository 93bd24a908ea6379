/** When the page comes back to life, and whether the device has a network. */

export interface Awake {
  /** False: the device says it has none. Some have one all the same (a server on this machine), so nothing stops on it. */
  network(): boolean;
  /** `wake`: the page was away (hidden, cached, the machine slept) and a standing socket is not to be trusted. */
  watch(events: { wake(): void; network(on: boolean): void }): () => void;
}

const TICK_MS = 5_000;
/** Longer between two ticks of a visible page: the machine slept. */
const JUMP_MS = 15_000;

export const browserAwake: Awake = {
  network: () => globalThis.navigator?.onLine ?? true,

  watch(events) {
    const stop = new AbortController();
    const listen = (target: EventTarget, name: string, heard: (event: Event) => void): void =>
      target.addEventListener(name, heard, { signal: stop.signal });
    listen(document, "visibilitychange", () => document.visibilityState === "visible" && events.wake());
    listen(window, "pageshow", (event) => (event as PageTransitionEvent).persisted && events.wake());
    listen(window, "online", () => events.network(true));
    listen(window, "offline", () => events.network(false));
    let last = Date.now();
    const tick = setInterval(() => {
      const gap = Date.now() - last;
      last = Date.now();
      // A hidden page's timers are slowed down; it is woken by visibilitychange.
      if (gap > JUMP_MS && document.visibilityState === "visible") events.wake();
    }, TICK_MS);
    stop.signal.addEventListener("abort", () => clearInterval(tick));
    return () => stop.abort();
  },
};
