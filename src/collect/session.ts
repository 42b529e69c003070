import { randomBytes } from 'node:crypto';
import type { Parser } from '../core/facts.js';
import { english, msg } from '../core/message.js';
import type { HostInfo, Sample } from '../core/sample.js';
import { SOURCES, type Source, type SourceId, type Tier } from '../core/sources.js';
import { FrameReader, type Frame, type FrameEvent } from './probe/frames.js';
import { probeProgram, TIER_LETTERS } from './probe/program.js';
import { filesOf, lookOf, readingsOf, type Look } from './probe/readings.js';
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
  /** Seconds within which the probe must say hello; 10 by default. */
  readonly helloSeconds?: number;
  /** Seconds within which a sample must be answered; 5 by default. Commands are ended after four fifths of it. */
  readonly sampleSeconds?: number;
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
 * Rejects with a {@link TransportError}: `timeout` when there is no hello in time, `lost` when the shell ended first,
 * with what it printed; or what `transport.spawn` rejects with.
 */
export async function openSession(transport: Transport, options: SessionOptions): Promise<ProbeSession> {
  const sources = options.sources ?? SOURCES;
  for (const source of sources) {
    if (options.parserFor(source.id) === undefined) throw new RangeError(`there is no parser for the source ${source.id}`);
  }
  const process = await transport.spawn([...(options.prefix ?? []), ...(options.shell ?? ['sh'])], options.signal);
  return Session.open(transport, process, options, sources);
}

const cancelled = (): TransportError => new TransportError('cancelled', english(msg('Cancelled.')));

/** How much of what the host printed outside the protocol is kept to explain why the probe ended. */
const NOISE_LIMIT = 4096;

/** How long the probe may take to end after its input was closed. */
const CLOSE_MS = 1_000;

class Session implements ProbeSession {
  readonly #process: RemoteProcess;
  readonly #options: SessionOptions;
  readonly #sources: readonly Source[];
  readonly #reader: FrameReader;
  readonly #sampleSeconds: number;
  readonly #commandSeconds: number;
  #traffic = { bytesIn: 0, bytesOut: 0, samples: 0, roundTrips: 0 };
  #noise = { stdout: new Uint8Array(), stderr: new Uint8Array() };
  #seq = 0;
  #waiting: { readonly seq: number; settle(event: FrameEvent | TransportError): void } | undefined;
  /** Why there will be no further answer. */
  #over: TransportError | undefined;
  /** The end of the line of samples asked for. */
  #last: Promise<unknown> = Promise.resolve();
  #host: HostInfo | undefined;
  #look: Look = { absent: new Set(), denied: new Set(), tools: new Set() };

  private constructor(process: RemoteProcess, options: SessionOptions, sources: readonly Source[], nonce: string) {
    this.#process = process;
    this.#options = options;
    this.#sources = sources;
    this.#reader = new FrameReader(nonce);
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
    const session = new Session(process, options, sources, nonce);
    void transport.lost.then((error) => session.#end(error));
    void session.#readOutput();
    void session.#readErrors();
    const abort = (): void => session.#end(cancelled());
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted === true) abort();
    try {
      const program = probeProgram({ nonce, sources, tools: options.tools ?? [], commandSeconds: session.#commandSeconds });
      const hello = await session.#exchange(0, program, options.helloSeconds ?? 10);
      session.#look = lookOf(hello) ?? session.#look;
      session.#host = hostOf(hello, session.#look, options.host);
      return session;
    } catch (error) {
      session.#end(cancelled());
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
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
    this.#process.end();
    const late = setTimeout(() => this.#process.kill(), CLOSE_MS);
    await this.#process.exit;
    clearTimeout(late);
  }

  async #take(tiers: ReadonlySet<Tier>): Promise<Sample> {
    const seq = ++this.#seq;
    const letters = (['fast', 'medium', 'slow'] as const).flatMap((tier) => (tiers.has(tier) ? [TIER_LETTERS[tier]] : []));
    const frame = await this.#exchange(seq, `${seq} ${letters.join('')}\n`, this.#sampleSeconds);
    this.#look = lookOf(frame) ?? this.#look;
    const always = filesOf(frame, new Set(['/proc/uptime', '/proc/sys/kernel/random/boot_id']));
    const hostSeconds = Number(/^(\d+\.\d+) /.exec(always.get('/proc/uptime') ?? '')?.[1] ?? NaN);
    if (Number.isNaN(hostSeconds)) {
      throw new TransportError('garbled', english(msg('The answer of {0} does not tell when it was read (/proc/uptime).', this.#options.host)));
    }
    this.#traffic.samples += 1;
    return {
      seq,
      hostSeconds,
      bootId: firstLine(always.get('/proc/sys/kernel/random/boot_id') ?? '') || this.host.bootId,
      readings: readingsOf(frame, {
        sources: this.#sources,
        tiers,
        parserFor: this.#options.parserFor,
        look: this.#look,
        inNamespace: this.#options.inNamespace ?? false,
        commandSeconds: this.#commandSeconds,
      }),
    };
  }

  /** Sends a text and waits for the frame with this number. Only one exchange is under way at a time. */
  async #exchange(seq: number, text: string, seconds: number): Promise<Frame> {
    if (this.#over !== undefined) throw this.#over;
    const answer = new Promise<FrameEvent | TransportError>((settle) => {
      this.#waiting = { seq, settle };
    });
    const late = setTimeout(() => {
      this.#end(
        new TransportError(
          'timeout',
          english(msg('{0} did not answer within {1} s.', this.#options.host, seconds)),
          english(msg('The host may be overloaded, or a command hangs there. Connect again to try once more.')),
        ),
      );
    }, seconds * 1_000);
    this.#traffic.bytesOut += Buffer.byteLength(text);
    this.#traffic.roundTrips += 1;
    // That it could not be written shows in the answer too: the probe has ended, and what it printed says why.
    this.#process.write(text).catch(() => undefined);
    const event = await answer;
    clearTimeout(late);
    this.#waiting = undefined;
    if (event instanceof TransportError) throw event;
    if (event.kind === 'frame') return event.frame;
    throw new TransportError(
      'garbled',
      event.why === 'too-big'
        ? english(msg('The answer of {0} was too long to be read.', this.#options.host))
        : english(msg('The answer of {0} was cut off.', this.#options.host)),
    );
  }

  /** Ends the session for good; the first reason given is the one that callers see. */
  #end(reason: TransportError): void {
    this.#over ??= reason;
    this.#waiting?.settle(this.#over);
    this.#process.kill();
  }

  #dispatch(events: readonly FrameEvent[]): void {
    for (const event of events) {
      const seq = event.kind === 'frame' ? event.frame.seq : event.seq;
      // An answer to a request that nobody waits for any more is not the answer to the next one.
      if (this.#waiting?.seq === seq) this.#waiting.settle(event);
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
    const said = firstLine(sanitizeBytes(this.#noise.stderr)) || firstLine(sanitizeBytes(this.#noise.stdout));
    this.#end(
      new TransportError(
        'lost',
        said === ''
          ? english(msg('The probe on {0} ended (exit status {1}).', this.#options.host, status ?? '–'))
          : english(msg('The probe on {0} ended (exit status {1}): {2}', this.#options.host, status ?? '–', said)),
        english(msg('Check that a shell (sh) can be run on the host, and connect again.')),
      ),
    );
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

/** What is kept of an output: its beginning. */
function grown(kept: Uint8Array<ArrayBuffer>, chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  if (kept.length >= NOISE_LIMIT) return kept;
  const all = new Uint8Array(Math.min(NOISE_LIMIT, kept.length + chunk.length));
  all.set(kept);
  all.set(chunk.subarray(0, all.length - kept.length), kept.length);
  return all;
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
