import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A change takes milliseconds: a lock of this age was left by a process that was ended. */
const STALE_MS = 10_000;
const GIVE_UP_MS = 15_000;
const LOOK_AGAIN_MS = 20;

/**
 * Does `work` while no other process does work under the same name: each window of an editor has a process of its own, and they
 * change the same file. The lock is the file `${file}.lock`, whose folder must exist. Rejects with the error of `work`, or when
 * the lock cannot be had.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  await take(lock);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<void> {
  const end = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      return;
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!taken || performance.now() > end) throw error;
    }
    // Gone in between, or without a readable age: the next look decides.
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > STALE_MS) await rm(lock, { force: true });
    else await sleep(LOOK_AGAIN_MS);
  }
}
