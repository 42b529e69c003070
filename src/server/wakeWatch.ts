import type { ProbeSession } from '../collect/session.js';

/** How often the clock is looked at, and how much later than expected means that this machine has slept. */
const EVERY_MS = 5_000;
const LATE_MS = 5_000;

/**
 * Notices that this machine has slept: timers stand still then, and the clock on the wall goes on. A clock that is set
 * forward looks the same, and does no harm: connections are checked once more.
 */
export class WakeWatch {
  readonly #timer: NodeJS.Timeout;

  constructor(now: () => number, woke: () => void) {
    let last = now();
    this.#timer = setInterval(() => {
      const passed = now() - last;
      last = now();
      if (passed > EVERY_MS + LATE_MS) woke();
    }, EVERY_MS);
    // It is no reason for a process to go on.
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Whether a probe answers a request for nothing in this time. */
export async function answersWithin(session: ProbeSession, ms: number): Promise<boolean> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  return session
    .sample(new Set(), late.signal)
    .then(
      () => true,
      () => false,
    )
    .finally(() => clearTimeout(timer));
}
