const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * How long to wait before the n-th attempt (from 1): doubles from one second up to half a minute. `random`, from 0 to 1,
 * takes up to a quarter off, so that connections that were lost together are not made anew together.
 */
export function backoffMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(full * (1 - random / 4));
}
