import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Parser } from '../core/facts.js';
import { english, msg } from '../core/message.js';
import type { HostInfo, Sample } from '../core/sample.js';
import { SOURCES, type Source, type SourceId, type Tier } from '../core/sources.js';
import { frameMark, FrameReader, type Frame, type FrameEvent } from './probe/frames.js';
import { probeProgram, tierLetters } from './probe/program.js';
import { lookOf, type Look } from './probe/readings.js';
import { NO_LOOK, sampleOf, type ProbeTap } from './probe/sample.js';
import { firstLine, sanitizeBytes } from './sanitize.js';
import { TransportError, type RemoteProcess, type Transport } from './transport.js';

export interface SessionOptions {
  /** What people call the host, for messages. */
  readonly host: string;
  /** Finds a source's parser: `parserFor` of core/parse. */
  readonly parserFor: (id: SourceId) => Parser | undefined;
  /** Arguments that come before the shell: the way into a namespace, from `enterNamespace`. */
  readonly prefix?: readonly string[];
  /** Whether the prefix leads into a network namespace other than the host's first. */
  readonly inNamespace?: boolean;
  /** Programs whose presence on the host is of interest, beside those of the sources. */
  readonly tools?: readonly string[];
  /** What to read; all of {@link SOURCES} by default. */
  readonly sources?: readonly Source[];
  /** The POSIX shell that runs the probe; `sh` by default. */
  readonly shell?: readonly string[];
  /**
   * Tiers that are read right after the hello, for a caller who wants a sample at once: the first {@link ProbeSession.sample}
   * of the same tiers is answered by it when it comes within two seconds, and saves a round trip.
   */
  readonly first?: ReadonlySet<Tier>;
  /** Seconds within which the probe must say hello; 10 by default. */
  readonly helloSeconds?: number;
  /** Seconds within which a sample must be answered; 5 by default. Commands are ended after four fifths of it. */
  readonly sampleSeconds?: number;
  /** Seconds without a request after which the probe ends by itself, give or take a tenth; 900 by default. */
  readonly idleSeconds?: number;
  /** Listens to the hello and to every answer that became a sample. */
  readonly tap?: ProbeTap;
  /** Makes the session's secret word; random by default. */
  readonly nonce?: () => string;
  readonly signal?: AbortSignal;
}

/** Bytes and messages exchanged with the host since the session began. */
export interface Traffic {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly samples: number;
  readonly roundTrips: number;
}

/** A probe that runs on a host. */
export interface ProbeSession {
  readonly host: HostInfo;
  readonly traffic: Traffic;
  /** Why there will be no further answer; `undefined` while the probe runs. */
  readonly ended: TransportError | undefined;
  /**
   * Takes a sample of the sources of these tiers. Calls made at the same time are answered one after the other.
   *
   * Rejects with a {@link TransportError}: `timeout` when the host did not answer in time and `lost` when the probe or
   * the connection ended (the session is over then), `garbled` when this one answer could not be understood (the next
   * may be), `cancelled` when the signal fired or the session was closed.
   */
  sample(tiers: ReadonlySet<Tier>, signal?: AbortSignal): Promise<Sample>;
  /** Ends the probe. Safe to call again. */
  close(): Promise<void>;
}

/**
 * Starts the probe on a target and waits for its hello.
 *
 * Rejects with a {@link TransportError}: `timeout` when there is no hello in time, `unsupported` when something else than
 * a shell answered (a forced command, an account without login), each with what it printed; `lost` when the connection
 * ended; or what `transport.spawn` rejects with.
 */
export async function openSession(transport: Transport, options: SessionOptions): Promise<ProbeSession> {
  const sources = options.sources ?? SOURCES;
  for (const source of sources) {
    if (options.parserFor(source.id) === undefined) throw new RangeError(`there is no parser for the source ${source.id}`);
  }
  const process = await transport.spawn([...(options.prefix ?? []), ...(options.shell ?? ['sh'])], options.signal);
  return Session.open(transport, process, options, sources);
}

/** What may be the matter with an account that starts no shell. */
const NO_SHELL = msg('The account may have no login shell, or be limited to one command or to file transfer. The probe needs a POSIX shell (sh).');

const cancelled = (): TransportError => new TransportError('cancelled', english(msg('Cancelled.')));

/** How much of what the host printed outside the protocol is kept to explain why the probe ended. */
const NOISE_LIMIT = 4096;

/** Longer than the longest pause of a live view, so that only a probe that was left alone ends by itself. */
const IDLE_SECONDS = 900;

/** How long the loss of a connection may take to be known after the end of what ran over it. */
const LOSS_MS = 200;

/** An answer that came with the hello is a sample of the present for this long. */
const FRESH_MS = 2_000;

/** How long the probe may take to end after its input was closed. */
const CLOSE_MS = 1_000;

/** The answer that follows the hello. */
interface Ahead {
  readonly tiers: ReadonlySet<Tier>;
  readonly event: Promise<FrameEvent | TransportError>;
  readonly settle: (event: FrameEvent | TransportError) => void;
  /** When the hello came, by this process's own clock. */
  since: number;
}

class Session implements ProbeSession {
  readonly #process: RemoteProcess;
  readonly #transport: Transport;
  readonly #options: SessionOptions;
  readonly #sources: readonly Source[];
  readonly #reader: FrameReader;
  readonly #mark: string;
  readonly #sampleSeconds: number;
  readonly #commandSeconds: number;
  #traffic = { bytesIn: 0, bytesOut: 0, samples: 0, roundTrips: 0 };
  #noise: { stdout: Uint8Array; stderr: Uint8Array } = { stdout: new Uint8Array(), stderr: new Uint8Array() };
  #seq = 0;
  #waiting: { readonly seq: number; settle(event: FrameEvent | TransportError): void } | undefined;
  #ahead: Ahead | undefined;
  /** Why there will be no further answer. */
  #over: TransportError | undefined;
  /** The end of the line of samples asked for. */
  #last: Promise<unknown> = Promise.resolve();
  #host: HostInfo | undefined;
  #look: Look = NO_LOOK;

  private constructor(transport: Transport, process: RemoteProcess, options: SessionOptions, sources: readonly Source[], nonce: string) {
    this.#transport = transport;
    this.#process = process;
    this.#options = options;
    this.#sources = sources;
    this.#reader = new FrameReader(nonce);
    this.#mark = frameMark(nonce);
    this.#sampleSeconds = options.sampleSeconds ?? 5;
    this.#commandSeconds = Math.round(this.#sampleSeconds * 800) / 1000;
  }

  static async open(
    transport: Transport,
    process: RemoteProcess,
    options: SessionOptions,
    sources: readonly Source[],
  ): Promise<Session> {
    const nonce = options.nonce?.() ?? randomBytes(16).toString('hex');
    const session = new Session(transport, process, options, sources, nonce);
    void transport.lost.then((error) => session.#end(error));
    void session.#readOutput();
    void session.#readErrors();
    const abort = (): void => session.#end(cancelled());
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted === true) abort();
    try {
      const program = probeProgram({ nonce, sources, tools: options.tools ?? [], commandSeconds: session.#commandSeconds, idleSeconds: options.idleSeconds ?? IDLE_SECONDS, ...(options.first ? { first: options.first } : {}) });
      if (options.first) session.#expect(options.first);
      const hello = await session.#exchange(0, program, options.helloSeconds ?? 10);
      session.#look = lookOf(hello) ?? session.#look;
      session.#host = hostOf(hello, session.#look, options.host);
      if (session.#ahead) session.#ahead.since = performance.now();
      options.tap?.hello(hello, { host: session.#host, inNamespace: options.inNamespace ?? false, commandSeconds: session.#commandSeconds });
      return session;
    } catch (error) {
      session.#end(cancelled());
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  }

  get ended(): TransportError | undefined {
    return this.#over;
  }

  get host(): HostInfo {
    if (this.#host === undefined) throw new Error('a session is given out only after its hello');
    return this.#host;
  }

  get traffic(): Traffic {
    return { ...this.#traffic };
  }

  async sample(tiers: ReadonlySet<Tier>, signal?: AbortSignal): Promise<Sample> {
    const turn = this.#last.then(() => {
      if (signal?.aborted === true) throw cancelled();
      return this.#take(tiers);
    });
    this.#last = turn.catch(() => undefined);
    if (signal === undefined) return turn;
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(cancelled());
      signal.addEventListener('abort', abort, { once: true });
      turn.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }

  async close(): Promise<void> {
    this.#over ??= cancelled();
    this.#waiting?.settle(this.#over);
    this.#ahead?.settle(this.#over);
    this.#process.end();
    const late = setTimeout(() => this.#process.kill(), CLOSE_MS);
    await this.#process.exit;
    clearTimeout(late);
  }

  async #take(tiers: ReadonlySet<Tier>): Promise<Sample> {
    const frame = await this.#frame(tiers);
    this.#look = lookOf(frame) ?? this.#look;
    const sample = sampleOf(frame, {
      sources: this.#sources,
      tiers,
      parserFor: this.#options.parserFor,
      look: this.#look,
      inNamespace: this.#options.inNamespace ?? false,
      commandSeconds: this.#commandSeconds,
      host: this.#options.host,
      bootId: this.host.bootId,
    });
    this.#traffic.samples += 1;
    this.#options.tap?.answer(frame, tiers);
    return sample;
  }

  /** The next answer: the one that follows the hello where that is what is asked for, else that to a request. */
  async #frame(tiers: ReadonlySet<Tier>): Promise<Frame> {
    const ahead = this.#ahead;
    const letters = tierLetters(tiers);
    const seq = ++this.#seq;
    if (ahead === undefined) return this.#exchange(seq, `${seq} ${letters}\n`, this.#sampleSeconds);
    if (tierLetters(ahead.tiers) === letters && performance.now() - ahead.since < FRESH_MS) {
      try {
        return await this.#answer(ahead.event, this.#sampleSeconds);
      } finally {
        this.#ahead = undefined;
      }
    }
    this.#ahead = undefined;
    // Number 1 is the answer that nobody waits for any more.
    return this.#frame(tiers);
  }

  /** Sends a text and waits for the frame with this number. Only one exchange is under way at a time. */
  async #exchange(seq: number, text: string, seconds: number): Promise<Frame> {
    if (this.#over !== undefined) throw this.#over;
    const answer = new Promise<FrameEvent | TransportError>((settle) => {
      this.#waiting = { seq, settle };
    });
    this.#traffic.bytesOut += Buffer.byteLength(text);
    this.#traffic.roundTrips += 1;
    // That it could not be written shows in the answer too: the probe has ended, and what it printed says why.
    this.#process.write(text).catch(() => undefined);
    try {
      return await this.#answer(answer, seconds);
    } finally {
      this.#waiting = undefined;
    }
  }

  /** Waits for an answer that was asked for. */
  async #answer(answer: Promise<FrameEvent | TransportError>, seconds: number): Promise<Frame> {
    const late = setTimeout(() => this.#end(this.#silent(seconds)), seconds * 1_000);
    const event = await answer;
    clearTimeout(late);
    if (event instanceof TransportError) throw event;
    if (event.kind === 'frame') return event.frame;
    throw new TransportError(
      'garbled',
      event.why === 'too-big'
        ? english(msg('The answer of {0} was too long to be read.', this.#options.host))
        : english(msg('The answer of {0} was cut off.', this.#options.host)),
    );
  }

  /** An answer with the number 1 comes by itself. */
  #expect(tiers: ReadonlySet<Tier>): void {
    let settle: Ahead['settle'] = () => undefined;
    const event = new Promise<FrameEvent | TransportError>((resolve) => (settle = resolve));
    this.#ahead = { tiers, event, settle, since: 0 };
  }

  /** Ends the session for good; the first reason given is the one that callers see. */
  #end(reason: TransportError): void {
    this.#over ??= reason;
    this.#waiting?.settle(this.#over);
    this.#ahead?.settle(this.#over);
    this.#process.kill();
  }

  #dispatch(events: readonly FrameEvent[]): void {
    for (const event of events) {
      const seq = event.kind === 'frame' ? event.frame.seq : event.seq;
      // An answer to a request that nobody waits for any more is not the answer to the next one.
      if (this.#waiting?.seq === seq) this.#waiting.settle(event);
      else if (seq === 1) this.#ahead?.settle(event);
    }
  }

  async #readOutput(): Promise<void> {
    try {
      for await (const chunk of this.#process.stdout) {
        this.#traffic.bytesIn += chunk.length;
        if (this.#host === undefined) this.#noise.stdout = grown(this.#noise.stdout, chunk);
        this.#dispatch(this.#reader.push(chunk));
      }
      this.#dispatch(this.#reader.finish());
    } catch (error) {
      this.#end(new TransportError('lost', english(msg('The connection to {0} was lost.', this.#options.host)), undefined, { cause: error }));
    }
    const status = await this.#process.exit;
    // With the connection all that ran over it ends, and may be heard of first.
    if (status === null) await Promise.race([this.#transport.lost.then((error) => this.#end(error)), sleep(LOSS_MS)]);
    this.#end(this.#hasEnded(status));
  }

  /** Nothing came within the time. */
  #silent(seconds: number): TransportError {
    const host = this.#options.host;
    if (this.#host !== undefined) {
      return new TransportError(
        'timeout',
        english(msg('{0} did not answer within {1} s.', host, seconds)),
        english(msg('The host may be overloaded, or a command hangs there.')),
      );
    }
    const said = this.#said();
    return new TransportError(
      'timeout',
      said === ''
        ? english(msg('{0} did not start the probe within {1} s.', host, seconds))
        : english(msg('{0} did not start the probe within {1} s. It said: {2}', host, seconds, said)),
      english(msg('The host may be overloaded, or the account starts something else than the POSIX shell (sh) that the probe needs.')),
    );
  }

  /** The shell is gone, while the connection is not known to be. */
  #hasEnded(status: number | null): TransportError {
    const said = this.#said();
    if (this.#host === undefined && status !== null) {
      return new TransportError(
        'unsupported',
        said === ''
          ? english(msg('{0} did not run a shell for the probe (exit status {1}).', this.#options.host, status))
          : english(msg('{0} did not run a shell for the probe (exit status {1}). It said: {2}', this.#options.host, status, said)),
        english(NO_SHELL),
      );
    }
    return new TransportError(
      'lost',
      said === ''
        ? english(msg('The probe on {0} ended (exit status {1}).', this.#options.host, status ?? '–'))
        : english(msg('The probe on {0} ended (exit status {1}): {2}', this.#options.host, status ?? '–', said)),
    );
  }

  /** The last that the host printed beside the protocol: what comes first is its greeting. */
  #said(): string {
    const last = (noise: Uint8Array): string => {
      const lines = sanitizeBytes(noise).split('\n');
      return firstLine(lines.findLast((line) => line.trim() !== '' && !line.startsWith(this.#mark)) ?? '');
    };
    return last(this.#noise.stderr) || last(this.#noise.stdout);
  }

  async #readErrors(): Promise<void> {
    try {
      for await (const chunk of this.#process.stderr) {
        this.#traffic.bytesIn += chunk.length;
        this.#noise.stderr = grown(this.#noise.stderr, chunk);
      }
    } catch {
      // A lost connection shows on the output as well, which reports it.
    }
  }
}

/** What is kept of an output: its end. */
function grown(kept: Uint8Array, chunk: Uint8Array): Uint8Array {
  return Buffer.concat([kept, chunk]).subarray(-NOISE_LIMIT);
}

function hostOf(hello: Frame, look: Look, called: string): HostInfo {
  const text = (name: string): string => firstLine(hello.parts.find((part) => part.name === name)?.text ?? '');
  const uid = text('uid');
  return {
    name: text('name') || called,
    kernel: text('kernel'),
    bootId: text('boot'),
    uid: /^\d+$/.test(uid) ? Number(uid) : undefined,
    tools: look.tools,
  };
}
