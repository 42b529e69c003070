import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex } from 'node:stream';
import { english, msg } from '../../core/message.js';
import { inline, sanitize } from '../sanitize.js';
import { TransportError } from '../transport.js';
import type { Carrier } from './carrier.js';
import { badValue } from './config/hostNames.js';
import type { ResolvedHost } from './config/resolvedHost.js';
import { expandTokens } from './config/tokens.js';
import type { SshMachine } from './types.js';

/** Time in milliseconds that the program has to end after it was asked to. */
const GRACE_MS = 1_000;
/** How much of what the program says on stderr is kept for the sentence, in characters. */
const MAX_WORDS = 2_000;

/**
 * Starts a `ProxyCommand` as OpenSSH does: the user's shell runs `exec COMMAND`, and the connection travels over its
 * standard streams (sshconnect.c, ssh_proxy_connect). It is the leader of a process group of its own, which is ended
 * together with the connection. The caller has made sure that programs may be run.
 */
export function proxyCommandCarrier(host: ResolvedHost, command: string, machine: SshMachine): Carrier {
  const line = expandCommand(host, command);
  const wanted = machine.env.get('SHELL');
  const shell = wanted === undefined || wanted === '' ? '/bin/sh' : wanted;
  const child = spawn(shell, ['-c', `exec ${line}`], {
    shell: false,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: Object.fromEntries(machine.env),
  });
  const stream = new ProgramStream(child);
  return {
    stream,
    close: () => stream.destroy(),
    destroy: () => stream.destroy(),
    failure: () => stream.failure(host, shell),
  };
}

/** `%h`, `%n`, `%p`, `%r` and `%%` (ssh_config(5), TOKENS). Throws `unsupported` for another token. */
export function expandCommand(host: ResolvedHost, command: string): string {
  const tokens = new Map([['h', host.hostName], ['n', host.alias], ['p', String(host.port)], ['r', host.user]]);
  const expanded = expandTokens(command, tokens);
  if ('unknown' in expanded) throw badValue(host.alias, 'ProxyCommand', command);
  return expanded.text;
}

/** The standard streams of a program as one stream, which ends with the program and ends it. */
class ProgramStream extends Duplex {
  private words = '';
  private ended: { readonly code: number | null; readonly missing: boolean } | undefined;
  private grace: NodeJS.Timeout | undefined;

  constructor(private readonly child: ChildProcessWithoutNullStreams) {
    super({ allowHalfOpen: false });
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.words = (this.words + chunk).slice(-MAX_WORDS);
    });
    // A program that reads no more is about to end; its end is what is told.
    child.stdin.on('error', () => undefined);
    child.on('error', () => this.finished(null, true));
    child.on('close', (code) => this.finished(code, false));
  }

  /** What the program came to, `undefined` while it runs and when it was ended from here. */
  failure(host: ResolvedHost, shell: string): TransportError | undefined {
    if (this.ended === undefined) return undefined;
    const { code, missing } = this.ended;
    if (missing) {
      return new TransportError(
        'unreachable',
        english(msg('The ProxyCommand of {0} could not be started: there is no shell {1}.', host.alias, shell)),
        english(msg('Correct the variable SHELL.')),
      );
    }
    const said = sanitize(this.words).trim().split('\n').slice(-3).map(inline).join(' · ').slice(-300);
    return new TransportError(
      'unreachable',
      said === ''
        ? english(msg('The ProxyCommand of {0} ended (exit status {1}) and said nothing.', host.alias, code ?? '–'))
        : english(msg('The ProxyCommand of {0} ended (exit status {1}): {2}', host.alias, code ?? '–', said)),
      // The status of a shell that did not find the program (sh(1)).
      code === 127
        ? english(msg('The program that it names is not installed on this machine, or is not in PATH.'))
        : english(msg('Run the ProxyCommand in a terminal to see more.')),
    );
  }

  override _read(): void {
    this.child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.child.stdin.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.child.stdin.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.ended === undefined) {
      this.signal('SIGHUP');
      this.grace = setTimeout(() => this.signal('SIGKILL'), GRACE_MS);
    }
    done(error);
  }

  private finished(code: number | null, missing: boolean): void {
    clearTimeout(this.grace);
    this.ended ??= { code, missing };
    if (this.destroyed) return;
    this.once('end', () => this.destroy());
    this.push(null);
  }

  private signal(name: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, name);
    } catch {
      // It ended by itself.
    }
  }
}
