import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { english, msg } from '../core/message.js';
import { TransportError, type RemoteProcess, type Transport } from './transport.js';

/** What of this machine the local transport depends on; given in tests. */
export interface LocalMachine {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  exists(path: string): boolean;
}

/** Time in milliseconds that a process group has between SIGTERM and SIGKILL. */
const GRACE_MS = 1_000;

/**
 * Starts programs on this machine, without a shell, each as the leader of a session and process group of its own, so
 * that ending it ends everything that it started.
 *
 * Throws {@link TransportError} `unsupported` where there is no Linux kernel to look at.
 */
export function localTransport(machine: LocalMachine = { platform: process.platform, env: process.env, exists: existsSync }): Transport {
  if (machine.platform !== 'linux' || !machine.exists('/proc/net/netstat')) {
    throw new TransportError(
      'unsupported',
      english(msg('This machine has no Linux network counters (/proc/net/netstat) to look at.')),
      english(msg('Add an SSH host and look at that.')),
    );
  }
  const running = new Set<LocalProcess>();
  let disposed = false;
  return {
    lost: new Promise(() => {}),
    async spawn(argv, signal) {
      const started = await start(argv, machine.env, signal);
      if (disposed) {
        started.kill();
        throw new TransportError('cancelled', english(msg('Cancelled.')));
      }
      running.add(started);
      void started.exit.then(() => running.delete(started));
      return started;
    },
    async dispose() {
      disposed = true;
      const ending = [...running];
      for (const one of ending) one.kill();
      await Promise.all(ending.map((one) => one.exit));
    },
  };
}

async function start(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal | undefined,
): Promise<LocalProcess> {
  const refuseCancelled = (): void => {
    if (signal?.aborted === true) throw new TransportError('cancelled', english(msg('Cancelled.')));
  };
  refuseCancelled();
  const [program, ...args] = argv;
  if (program === undefined) throw new RangeError('nothing to start');
  const child = spawn(program, args, { shell: false, detached: true, stdio: ['pipe', 'pipe', 'pipe'], env: { ...env }, cwd: '/' });
  // Registered before the wait, or an output that ends at once would go unseen.
  const started = new LocalProcess(child);
  try {
    await once(child, 'spawn');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new TransportError(
      code === 'ENOENT' ? 'unsupported' : 'not-permitted',
      english(msg('{0} could not be started on this machine: {1}', program, code)),
      undefined,
      { cause: error },
    );
  }
  try {
    refuseCancelled();
  } catch (error) {
    started.kill();
    throw error;
  }
  return started;
}

class LocalProcess implements RemoteProcess {
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  readonly exit: Promise<number | null>;
  readonly #child: ChildProcessWithoutNullStreams;
  #closed = false;
  #killed = false;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.stdout = this.#output(child.stdout);
    this.stderr = this.#output(child.stderr);
    // Writing to a program that has ended reports EPIPE both to the callback of `write` and here.
    child.stdin.on('error', () => {});
    child.on('error', () => {});
    this.exit = new Promise((resolve) => {
      child.once('close', (code) => {
        this.#closed = true;
        resolve(code);
      });
    });
  }

  write(data: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.stdin.write(data, (error) => {
        if (error) reject(new TransportError('lost', english(msg('The program has ended and takes no input.')), undefined, { cause: error }));
        else resolve();
      });
    });
  }

  end(): void {
    this.#child.stdin.end();
  }

  kill(): void {
    if (this.#killed || this.#closed) return;
    this.#killed = true;
    this.#child.stdin.destroy();
    this.#signal('SIGTERM');
    // What the leader leaves behind in its group when it ends has no one left to clean up for.
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) this.#signal('SIGKILL');
    else this.#child.once('exit', () => this.#signal('SIGKILL'));
    const forced = setTimeout(() => {
      this.#signal('SIGKILL');
      // What has left the group may hold the output open; without this `exit` would wait for it for ever.
      this.#child.stdout.destroy();
      this.#child.stderr.destroy();
    }, GRACE_MS);
    void this.exit.then(() => clearTimeout(forced));
    // Where nobody reads, the output must be drained for the streams to end.
    this.#child.stdout.resume();
    this.#child.stderr.resume();
  }

  /** The output as it comes. That it ends early because of `kill` is an end, not an error. */
  async *#output(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    try {
      yield* stream;
    } catch (error) {
      if (!this.#killed) throw error;
    }
  }

  #signal(name: 'SIGTERM' | 'SIGKILL'): void {
    const leader = this.#child.pid;
    if (leader === undefined) return;
    for (const pid of [-leader, ...sessionMembers(leader)]) {
      try {
        process.kill(pid, name);
      } catch {
        // ESRCH: it has ended by itself, which is what was wanted.
      }
    }
  }
}

/** The processes of a session (proc(5), stat field 6): timeout(1) makes a group of its own, but no session. */
function sessionMembers(session: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
      return fields[3] === String(session) ? [Number(name)] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}
