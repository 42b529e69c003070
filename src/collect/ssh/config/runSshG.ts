import { spawn } from 'node:child_process';
import { english, msg } from '../../../core/message.js';
import { firstLine } from '../../sanitize.js';
import { TransportError } from '../../transport.js';
import type { SshMachine } from '../types.js';
import type { HostWish } from './hostNames.js';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;

/**
 * Asks the system's ssh what it makes of the configuration. Answers `undefined` when that program cannot be asked (it
 * is not there, or is older than the option); rejects when it refuses the configuration or does not answer in time.
 *
 * A `Match exec` that is reached runs its program, as it does in a terminal: the caller has made sure that it may.
 */
export async function runSshG(program: string, wish: HostWish, machine: SshMachine, signal?: AbortSignal): Promise<string | undefined> {
  const argv = ['-G'];
  if (machine.configFile !== undefined) argv.push('-F', machine.configFile);
  if (wish.user !== undefined) argv.push('-l', wish.user);
  if (wish.port !== undefined) argv.push('-p', String(wish.port));
  argv.push('--', wish.host);
  const { exit, out, err } = await collect(program, argv, machine, signal);
  switch (exit) {
    case 0:
      return out;
    case 'missing':
      return undefined;
    case 'cancelled':
      throw new TransportError('cancelled', english(msg('Connecting to {0} was cancelled.', wish.host)));
    case 'late':
      throw new TransportError(
        'timeout',
        english(msg('The SSH configuration of {0} could not be read: "ssh -G {0}" did not end within {1} s.', wish.host, TIMEOUT_MS / 1000)),
        english(msg('A program that "Match exec" names may hang, or a name server may not answer.')),
      );
    default: {
      if (/(?:illegal|unknown|invalid) option.*G/.test(err)) return undefined;
      const said = err.trim().split('\n').filter((line) => !/^Pseudo-terminal/.test(line));
      throw new TransportError(
        'unsupported',
        english(msg('ssh does not accept the configuration of {0}: {1}', wish.host, firstLine(said.join('\n')) || exit)),
        english(msg('Check it with "ssh -G HOST".')),
      );
    }
  }
}

interface Outcome {
  readonly exit: number | 'missing' | 'late' | 'cancelled';
  readonly out: string;
  readonly err: string;
}

function collect(program: string, argv: readonly string[], machine: SshMachine, signal: AbortSignal | undefined): Promise<Outcome> {
  return new Promise((resolve) => {
    const windows = process.platform === 'win32';
    // A process group of its own, so that what `Match exec` started ends with it.
    const child = spawn(program, argv, {
      shell: false,
      detached: !windows,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(machine.env), LC_ALL: 'C' },
    });
    let out = '';
    let err = '';
    let ended: Outcome['exit'] | undefined;
    const end = (why: Outcome['exit']): void => {
      ended ??= why;
      try {
        if (windows || child.pid === undefined) child.kill('SIGKILL');
        else process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(() => end('late'), TIMEOUT_MS);
    const aborted = (): void => end('cancelled');
    signal?.addEventListener('abort', aborted);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
      if (out.length > MAX_BYTES) end(1);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      err = (err + chunk).slice(0, 4096);
    });
    const done = (exit: Outcome['exit']): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      resolve({ exit: ended ?? exit, out, err });
    };
    child.on('error', () => done('missing'));
    child.on('close', (code) => done(code ?? 1));
    if (signal?.aborted === true) aborted();
  });
}
