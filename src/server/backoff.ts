const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** How long to wait before the n-th attempt (from 1): doubles from one second up to half a minute. */
export function backoffMs(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
}
