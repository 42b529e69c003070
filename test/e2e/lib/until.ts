import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `look` gives something true, and returns it; names what was waited for when that does not happen. */
export async function until<T>(what: string, look: () => Promise<T> | T, seconds = 30): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen) return seen as Exclude<T, false | 0 | '' | null | undefined>;
    if (performance.now() > end) throw new Error(`Not seen within ${seconds} s: ${what}`);
    await sleep(100);
  }
}
