// Starting other programs so that none of them outlives us. Linux, macOS and Windows.
import { spawn } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const windows = process.platform === 'win32';

/** The full path of a program, or `null`. Looks in the administrator's folders too: sshd lives there. */
export function findProgram(name, path = process.env.PATH ?? '') {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  const extra = windows ? [] : ['/usr/sbin', '/sbin', '/usr/local/sbin'];
  const endings = windows ? ['.cmd', '.exe'] : [''];
  for (const folder of [...folders, ...extra]) {
    for (const ending of endings) {
      const file = join(folder, name + ending);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not here: the next folder.
      }
    }
  }
  return null;
}

/**
 * Runs a program in a process group of its own.
 * @param {string[]} argv program and arguments
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, limit?: number, show?: boolean, signal?: AbortSignal}} [options]
 *   `limit`: seconds after which the whole group is ended; `show`: pass its output on, not only collect it.
 * @returns {Promise<{code: number | null, output: string, timedOut: boolean}>} `code` is `null` when it was ended by a
 *   signal or could not be started; `output` holds the last megabyte of both streams.
 */
export function run(argv, options = {}) {
  const [program, ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      detached: !windows,
      stdio: ['ignore', 'pipe', 'pipe'],
      // npm and code are .cmd files on Windows, which only a shell can start; all arguments are our own words.
      shell: windows,
    });
    let output = '';
    let timedOut = false;
    const collect = (chunk) => {
      output = (output + chunk).slice(-1_000_000);
      if (options.show) process.stdout.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    const end = () => endGroup(child);
    const timer =
      options.limit === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            void end();
          }, options.limit * 1000);
    options.signal?.addEventListener('abort', end);
    const finish = (code) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
      resolve({ code, output, timedOut });
    };
    child.on('error', (error) => {
      output += String(error.message);
      finish(null);
    });
    child.on('close', (code) => finish(code));
  });
}

/** Ends a detached child and everything in its group: politely, after five seconds by force. */
export async function endGroup(child) {
  if (child.pid === undefined) return;
  if (windows) {
    spawn('taskkill', ['/pid', String(child.pid), '/t', '/f']);
    return;
  }
  const send = (signal) => {
    try {
      process.kill(-child.pid, signal);
      return true;
    } catch {
      return false; // The group is empty.
    }
  };
  if (!send('SIGTERM')) return;
  for (let i = 0; i < 50; i++) {
    await sleep(100);
    if (!send(0)) return;
  }
  send('SIGKILL');
}

/**
 * Processes whose environment holds the entry `NAME=value` and whose command line contains `part` (Linux). They need
 * not be our children.
 * @param {string} entry
 * @param {string} [part]
 * @returns {number[]}
 */
export function processesWithEnv(entry, part = '') {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const ours = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(entry);
      return ours && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(part) ? [Number(name)] : [];
    } catch {
      return []; // It ended meanwhile, or belongs to somebody else.
    }
  });
}
