import { english, msg } from '../core/message.js';
import type { Parser } from '../core/facts.js';
import type { RecordedAnswer, Recording } from '../core/recording/types.js';
import type { Sample } from '../core/sample.js';
import { SOURCES, type SourceId } from '../core/sources.js';
import type { Connection } from './connect.js';
import { remaker, type ProbeAbout } from './probe/sample.js';
import type { ProbeSession } from './session.js';
import { TransportError, type Transport } from './transport.js';

/** The longest pause between two answers that is played as long as it was, in seconds. */
const LONGEST_PAUSE = 60;

export interface PlayOptions {
  readonly parserFor: (id: SourceId) => Parser | undefined;
  /** Waits; rejects when the signal fires. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** A clock that only goes forward, in milliseconds. */
  readonly now: () => number;
}

/** What a recording says of its probe. */
export function aboutOf({ header }: Recording): ProbeAbout {
  return { host: header.host, inNamespace: header.inNamespace, commandSeconds: header.commandSeconds };
}

/** Makes the samples of some answers again; `seqs` in the order of the recording. */
export function samplesOf(recording: Recording, seqs: ReadonlySet<number>, parserFor: PlayOptions['parserFor']): readonly Sample[] {
  const remake = remaker({ hello: recording.hello, about: aboutOf(recording), sources: SOURCES, parserFor });
  return recording.answers.flatMap((answer) => {
    const wanted = seqs.has(answer.seq);
    // An answer that tells what the host has is needed to understand those after it.
    if (!wanted && !answer.parts.some(({ name }) => name === 'look')) return [];
    const sample = remake(answer);
    return wanted ? [sample] : [];
  });
}

/**
 * A host that was recorded: its session gives the recorded samples once, at the pace at which they were taken, and
 * then none; on it nothing can be started.
 */
export function connectRecording(recording: Recording, options: PlayOptions): Connection {
  const session = new Playback(recording, options);
  return {
    session,
    transport: transportOf(recording),
    entry: { prefix: [], inNamespace: recording.header.inNamespace },
    // What is over is played again by opening it again.
    renew: () => Promise.resolve(),
    close: () => session.close(),
  };
}

function transportOf({ header }: Recording): Transport {
  return {
    lost: new Promise(() => undefined),
    dispose: () => Promise.resolve(),
    spawn: () => Promise.reject(new TransportError('unsupported', english(msg('This is a recording of {0}: nothing can be run on it.', header.host.name)))),
  };
}

const cancelled = (): TransportError => new TransportError('cancelled', english(msg('Cancelled.')));

class Playback implements ProbeSession {
  readonly #recording: Recording;
  readonly #options: PlayOptions;
  readonly #remake: (answer: RecordedAnswer) => Sample;
  readonly #end = new AbortController();
  #next = 0;
  /** When, by our clock and by the host's, the latest sample was given. */
  #latest: { readonly at: number; readonly hostSeconds: number } | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(recording: Recording, options: PlayOptions) {
    this.#recording = recording;
    this.#options = options;
    this.#remake = remaker({ hello: recording.hello, about: aboutOf(recording), sources: SOURCES, parserFor: options.parserFor });
  }

  get host(): Recording['header']['host'] {
    return this.#recording.header.host;
  }

  get traffic(): ProbeSession['traffic'] {
    return { bytesIn: 0, bytesOut: 0, samples: this.#next, roundTrips: 0 };
  }

  get ended(): TransportError | undefined {
    return this.#end.signal.aborted ? cancelled() : undefined;
  }

  /** The next recorded sample, whatever is asked for. Behind the last one there is nothing: it waits until it is cancelled. */
  async sample(_tiers: unknown, signal?: AbortSignal): Promise<Sample> {
    const ends = signal === undefined ? this.#end.signal : AbortSignal.any([signal, this.#end.signal]);
    const turn = this.#last.then(() => this.#take(ends));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #take(signal: AbortSignal): Promise<Sample> {
    if (signal.aborted) throw cancelled();
    const answer = this.#recording.answers[this.#next];
    if (answer === undefined) return untilAborted(signal);
    // Also an answer that cannot be understood is over: the next one may be.
    this.#next += 1;
    const sample = this.#remake(answer);
    const { now, sleep } = this.#options;
    if (this.#latest !== undefined) {
      const pause = Math.min(LONGEST_PAUSE, sample.hostSeconds - this.#latest.hostSeconds) * 1_000 - (now() - this.#latest.at);
      try {
        if (pause > 0) await sleep(pause, signal);
      } catch {
        throw cancelled();
      }
    }
    this.#latest = { at: now(), hostSeconds: sample.hostSeconds };
    return sample;
  }

  close(): Promise<void> {
    this.#end.abort();
    return Promise.resolve();
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(cancelled()), { once: true }));
}
