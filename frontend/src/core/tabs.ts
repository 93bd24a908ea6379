/** What the tabs of one browser share: turns at a task, and news. Where the browser lacks them, a tab is alone. */

export interface Tabs {
  /** Runs `task` while no other tab runs one of this name. */
  alone(name: string, task: () => Promise<void>): Promise<void>;
  tell(news: unknown): void;
  /** Hears the other tabs. */
  hear(heard: (news: unknown) => void): void;
  close(): void;
}

/** A tab that sleeps may hold its turn for ever. */
const PATIENCE_MS = 5_000;

/**
 * Web Locks and a BroadcastChannel; both are missing on plain http from another machine. Turns are an economy, not
 * a promise: when they fail two tabs may send the same message, which its client_id makes harmless.
 */
export function browserTabs(name: string): Tabs {
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(name) : null;
  const locks = globalThis.navigator?.locks;
  return {
    async alone(task, run) {
      if (!locks) return run();
      let started = false;
      const turn = (): Promise<void> => {
        started = true;
        return run();
      };
      try {
        await locks.request(`${name}:${task}`, { signal: AbortSignal.timeout(PATIENCE_MS) }, turn);
      } catch (thrown) {
        if (started) throw thrown;
        await run();
      }
    },
    tell: (news) => channel?.postMessage(news),
    hear: (heard) => channel?.addEventListener("message", (event) => heard(event.data)),
    close: () => channel?.close(),
  };
}
