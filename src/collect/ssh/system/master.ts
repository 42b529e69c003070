import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { access } from 'node:fs/promises';
import type { PrivateFolder } from './folder.js';
import { KEEPER_SCRIPT } from './scripts.js';

/** How `ssh` is started. */
export interface MasterCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly folder: PrivateFolder;
}

/** A running `ssh` that is ours, under a keeper that ends it when this process ends in whatever way. */
export interface Master {
  /** Exit status of `ssh`, once it has ended; `null` when it could not be told. */
  readonly exit: Promise<number | null>;
  /** The end of what it has printed. */
  printed(): string;
  /** Ends it, and removes its folder. Never rejects. */
  stop(): Promise<void>;
}

/** How much of what ssh printed is kept: what it says last says why it ended. */
const PRINTED = 8 * 1024;
/** How long ssh may take to end when it is asked to. */
const STOP_MS = 2_000;
/** How often the socket is looked for where the folder cannot be watched. */
const LOOK_MS = 100;

/** Starts `ssh`, in a session of its own: it has no terminal to ask on, and the keys of a terminal do not reach it. */
export function startMaster({ program, args, env, folder }: MasterCommand): Master {
  const keeper = spawn('/bin/sh', ['-c', KEEPER_SCRIPT, 'sh', folder.path, program, ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: Object.fromEntries(env),
    cwd: '/',
  });
  let printed = '';
  let ended = false;
  keeper.stdin.on('error', () => undefined);
  keeper.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    printed = (printed + chunk).slice(-PRINTED);
  });
  keeper.stderr.on('error', () => undefined);
  const exit = new Promise<number | null>((resolve) => {
    keeper.on('error', () => resolve(null));
    keeper.on('exit', (code) => {
      ended = true;
      // What reads from the other end is the watcher, should the keeper have been killed before it.
      keeper.stdin.destroy();
      resolve(code);
    });
  });
  const endGroup = (): void => {
    if (keeper.pid === undefined) return;
    try {
      process.kill(-keeper.pid, 'SIGKILL');
    } catch {
      // ESRCH: all of it has ended, which is what was wanted.
    }
  };
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    keeper.stdin.destroy();
    const late = setTimeout(endGroup, STOP_MS);
    await exit;
    clearTimeout(late);
    // Something may have been started outside the keeper’s sight; the group’s number is not used anew while it runs.
    keeper.stderr.destroy();
    // A folder that cannot be removed holds no secret, and the keeper has tried as well.
    await folder.remove().catch(() => undefined);
  };
  void exit.then(() => (ended ? undefined : folder.remove().catch(() => undefined)));
  return { exit, printed: () => printed, stop: () => (stopping ??= stop()) };
}

/** Resolves when the file is there. Rejects when the signal fires. */
export function whenThere(path: string, folder: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      access(path).then(
        () => settle(resolve),
        () => undefined,
      );
    };
    const timer = setInterval(look, LOOK_MS);
    const watcher = watcherOf(folder, look);
    const settle = (end: () => void): void => {
      clearInterval(timer);
      watcher?.close();
      signal.removeEventListener('abort', aborted);
      end();
    };
    const aborted = (): void => settle(() => reject(new Error('not there')));
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    else look();
  });
}

/** The number of watches on a machine is limited; without one the timer does. */
function watcherOf(folder: string, changed: () => void): { close(): void } | undefined {
  try {
    return watch(folder, changed).on('error', () => undefined);
  } catch {
    return undefined;
  }
}
