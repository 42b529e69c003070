import { randomBytes } from 'node:crypto';
import { english, msg } from '../../core/message.js';
import { firstLine, sanitizeBytes } from '../sanitize.js';
import { TransportError, type RemoteProcess, type Transport } from '../transport.js';

/** How a program becomes root. */
export type RootWay =
  /** The connection is root's. */
  | { readonly kind: 'root' }
  /** `sudo -n`: sudo must not need a password. */
  | { readonly kind: 'sudo' }
  /** sudo gets this when it asks for it, on its input. */
  | { readonly kind: 'password'; readonly password: string };

/** Seconds within which sudo must have started the program; PAM takes some after a wrong password. */
const START_SECONDS = 15;

/** Most that sudo may say before the program starts. */
const SAID_LIMIT = 4096;

/**
 * A transport that starts every program as root.
 *
 * A password is written to sudo's input, and only when sudo has asked for it with a prompt of ours: where sudo needs none,
 * nothing else can read it there. It is never an argument, never in the environment. `-k` makes sudo forget it at once.
 *
 * `spawn` rejects with a {@link TransportError} beside those of the transport: `authentication` when sudo refused the
 * password or needs one and none was given, `not-permitted` when it refuses this user, `unsupported` when there is no sudo,
 * `timeout` when it does neither.
 */
export function asRoot(transport: Transport, way: RootWay, host: string): Transport {
  if (way.kind === 'root') return transport;
  return {
    lost: transport.lost,
    // Whoever opened the connection closes it.
    dispose: async () => {},
    async spawn(argv, signal) {
      const nonce = randomBytes(16).toString('hex');
      const options = way.kind === 'sudo' ? ['-n'] : ['-S', '-k', '-p', `${prompt(nonce)}\n`];
      // The shell says that it runs before it becomes the program: until then what is written is sudo's.
      const start = ['sh', '-c', 'printf "\\n%s\\n" "$0"; exec "$@"', started(nonce), ...argv];
      const process = await transport.spawn(['env', 'LC_ALL=C', 'sudo', ...options, '--', ...start], signal);
      return new Start(process, way, host, nonce).result(signal);
    },
  };
}

const prompt = (nonce: string): string => `droplens:${nonce} password`;
const started = (nonce: string): string => `droplens:${nonce} started`;

class Start {
  readonly #out: AsyncIterator<Uint8Array>;
  readonly #err: AsyncIterator<Uint8Array>;
  #said: Uint8Array = new Uint8Array();
  #asked = 0;
  #failed: TransportError | undefined;
  #running = false;
  /** What came on stderr after the program was started, while it was still read for questions. */
  #leftOver: Uint8Array = new Uint8Array();

  constructor(
    readonly process: RemoteProcess,
    readonly way: Exclude<RootWay, { kind: 'root' }>,
    readonly host: string,
    readonly nonce: string,
  ) {
    this.#out = process.stdout[Symbol.asyncIterator]();
    this.#err = process.stderr[Symbol.asyncIterator]();
  }

  async result(signal: AbortSignal | undefined): Promise<RemoteProcess> {
    const fail = (error: TransportError): void => {
      this.#failed ??= error;
      this.process.kill();
    };
    const abort = (): void => fail(new TransportError('cancelled', english(msg('Cancelled.'))));
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    const late = setTimeout(() => {
      const said = this.#words();
      const message = said === '' ? msg('sudo on {0} did not answer within {1} s.', this.host, START_SECONDS) : msg('sudo on {0} did not start anything within {1} s: {2}', this.host, START_SECONDS, said);
      fail(new TransportError('timeout', english(message)));
    }, START_SECONDS * 1_000);
    // What sudo prints on stderr is read beside, and handed on once the program runs.
    const questions = this.#questions(fail);
    // A stream that breaks shows on the output as well, which reports it.
    questions.catch(() => undefined);
    try {
      const rest = await this.#untilStarted();
      if (rest === undefined) {
        const exit = await this.process.exit;
        throw this.#failed ?? this.#refused(exit);
      }
      return {
        stdout: chain(rest, this.#out),
        stderr: { [Symbol.asyncIterator]: () => this.#afterStart(questions) },
        write: (data) => this.process.write(data),
        end: () => this.process.end(),
        kill: () => this.process.kill(),
        exit: this.process.exit,
      };
    } catch (error) {
      this.process.kill();
      throw error;
    } finally {
      clearTimeout(late);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Reads until the program runs; gives what it has printed already, `undefined` when the output ended before. */
  async #untilStarted(): Promise<Uint8Array | undefined> {
    const mark = new TextEncoder().encode(`\n${started(this.nonce)}\n`);
    let seen = Buffer.alloc(0);
    for (;;) {
      const { done, value } = await this.#out.next();
      if (done === true) return undefined;
      seen = Buffer.concat([seen, value]);
      const at = seen.indexOf(mark);
      if (at >= 0) {
        this.#running = true;
        return seen.subarray(at + mark.length);
      }
      if (seen.length > 65_536) seen = seen.subarray(-mark.length);
    }
  }

  /** Answers sudo's question. A second one means that the answer was wrong. */
  async #questions(fail: (error: TransportError) => void): Promise<void> {
    let seen = '';
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await this.#err.next();
      if (done === true) return;
      if (this.#running) {
        this.#leftOver = value;
        return;
      }
      if (this.#said.length < SAID_LIMIT) this.#said = Buffer.concat([this.#said, value]).subarray(0, SAID_LIMIT);
      seen += decoder.decode(value, { stream: true });
      for (let at = seen.indexOf(prompt(this.nonce)); at >= 0; at = seen.indexOf(prompt(this.nonce))) {
        seen = seen.slice(at + prompt(this.nonce).length);
        this.#asked += 1;
        if (this.way.kind === 'password' && this.#asked === 1) {
          // That it could not be written shows too: sudo has ended, and what it printed says why.
          this.process.write(`${this.way.password}\n`).catch(() => undefined);
        } else {
          fail(this.#wrong());
        }
      }
      if (seen.length > 8_192) seen = seen.slice(-1_024);
    }
  }

  async *#afterStart(questions: Promise<void>): AsyncGenerator<Uint8Array, void, undefined> {
    await questions;
    yield this.#leftOver;
    yield* rest(this.#err);
  }

  /** What sudo said, on one line, without our own prompt, and without its complaint about a host without a name. */
  #words(): string {
    const lines = sanitizeBytes(this.#said).replaceAll(prompt(this.nonce), '').split('\n');
    return firstLine(lines.filter((line) => !/unable to resolve host/.test(line)).join('\n'));
  }

  #wrong(): TransportError {
    return new TransportError('authentication', english(msg('sudo on {0} did not accept the password.', this.host)));
  }

  #refused(exit: number | null): TransportError {
    const said = this.#words();
    if (exit === 127) return new TransportError('unsupported', english(msg('sudo is not installed on {0}.', this.host)), english(msg('Connect as root.')));
    if (this.way.kind === 'sudo' && /password|authentication/i.test(said)) {
      return new TransportError(
        'authentication',
        english(msg('sudo on {0} needs a password.', this.host)),
        english(msg('Connect as root, or let sudo on the host ask this user for none.')),
      );
    }
    // Most ask again after a wrong password; sudoers can allow a single try (passwd_tries).
    if (this.#asked > 0 && /incorrect password|no password was provided/i.test(said)) return this.#wrong();
    return new TransportError(
      'not-permitted',
      english(msg('sudo on {0} does not let this user become root: {1}', this.host, said || '–')),
      english(msg('Connect as root, or as a user who may use sudo.')),
    );
  }
}

async function* rest(iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

async function* chain(first: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.length > 0) yield first;
  yield* rest(iterator);
}
