/** How long to wait before trying again: from 1 s, doubling, to 30 s. */

const FIRST_SPREAD_S = 3.5;
/** The jitter is a quarter up or down, so waits end at 30 s. */
const LONGEST_S = 24;

/**
 * Milliseconds to wait after `failures` failed attempts in a row (0: a connection that stood was lost).
 *
 * The first wait is spread over 3.5 s, so that it takes 3 s at least in fact: when a server dies all its clients leave at the same instant, and must not come back at one.
 * With it nobody tries more than twice in the first 5 s.
 */
export function retryDelay(failures: number, random: () => number = Math.random): number {
  if (failures === 0) return (1 + FIRST_SPREAD_S * random()) * 1000;
  return Math.min(LONGEST_S, 2 ** failures) * (0.75 + random() / 2) * 1000;
}
