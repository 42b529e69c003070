import type { Facts, Parser, Row } from '../../core/facts.js';
import { msg } from '../../core/message.js';
import { privilegedParserFor } from '../../core/privileged/parsers.js';
import { DROP_TRACE, PRIVILEGED, PRIVILEGED_COMMANDS } from '../../core/privileged/sources.js';
import { parserFor } from '../../core/parse/index.js';
import type { RecordedAnswer, RecordedPart, RecordedRoot, RecordedTrace, RootAnswer } from '../../core/recording/types.js';
import type { Reading } from '../../core/sample.js';
import { SOURCES, type Source, type SourceId, type Tier } from '../../core/sources.js';
import type { NamespaceEntry } from '../namespace/enter.js';
import { remaker, type ProbeAbout } from '../probe/sample.js';
import { openSession, type ProbeSession } from '../session.js';
import { TransportError, type Transport } from '../transport.js';
import { replayTrace, startDropTrace, type DropTrace } from './dropTrace.js';
import { asRoot, type RootWay } from './rootTransport.js';

/** What a source said, by source. */
export type Readings = ReadonlyMap<SourceId, Reading>;

/** What root sees of one watched window: rules and counters at both ends, kernel messages and drops of the time between. */
export interface DeepLook {
  /** Reads the beginning and starts the drop trace. Rejects with a TransportError `cancelled` when the signal fires. */
  begin(signal?: AbortSignal): Promise<Readings>;
  /** Ends the drop trace and reads the end. Rejects as `begin` does. */
  end(signal?: AbortSignal): Promise<Readings>;
  /** All that the host said, from which the same readings can be made again; `undefined` before the end was read. */
  readonly recorded: LookedRoot | undefined;
  /** Ends everything that runs on the host. Safe to call at any time. */
  close(): Promise<void>;
}

export type LookedRoot = Extract<RecordedRoot, { readonly kind: 'looked' }>;

export interface DeepLookOptions {
  readonly transport: Transport;
  readonly entry: NamespaceEntry;
  readonly way: RootWay;
  /** What people call the host, for messages. */
  readonly host: string;
  /** Length of the window. */
  readonly seconds: number;
  readonly signal?: AbortSignal;
}

/** How much longer than the window the host lets a trace run when nobody ends it. */
const GRACE_SECONDS = 20;

/** Everything is read at both ends. */
const TIERS: ReadonlySet<Tier> = new Set(['medium']);

/** Files by which every answer of a probe tells when it was read. */
const CLOCK = SOURCES.filter(({ id }) => id === 'uptime' || id === 'boot_id');

/**
 * Becomes root on the host and starts a second probe there, whose commands are those of {@link PRIVILEGED_COMMANDS} and
 * no others. Rejects with a {@link TransportError}: those of {@link asRoot} and of `openSession`.
 */
export async function openDeepLook(options: DeepLookOptions): Promise<DeepLook> {
  const transport = asRoot(options.transport, options.way, options.host);
  const window: LogWindow = { since: undefined };
  const heard: Heard = { hello: [], answer: undefined };
  const session = await openSession(transport, {
    host: options.host,
    sources: ROOT_SOURCES,
    parserFor: rootParsers(window),
    tap: {
      hello: (frame) => (heard.hello = frame.parts),
      answer: (frame, tiers) => (heard.answer = { seq: frame.seq, tiers: [...tiers], parts: frame.parts }),
    },
    ...options.entry,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const seconds = options.seconds + GRACE_SECONDS;
  return new Look(session, () => startDropTrace(transport, { seconds }), window, heard);
}

/** The deep look of a recorded window, which says what it said then. */
export function replayDeepLook(recorded: LookedRoot, about: ProbeAbout): DeepLook {
  const window: LogWindow = { since: undefined };
  const remake = remaker({ hello: recorded.hello, about, sources: ROOT_SOURCES, parserFor: rootParsers(window) });
  const answers = [recorded.begin, recorded.end];
  const session: Samples = {
    async sample() {
      const next = answers.shift() ?? recorded.end;
      if (next.kind === 'failed') throw new TransportError('lost', next.why);
      return remake(next.answer);
    },
    close: () => Promise.resolve(),
  };
  return new Look(session, () => replayTrace(recorded.trace), window, { hello: recorded.hello, answer: undefined });
}

/** Everything that root's probe reads. */
const ROOT_SOURCES: readonly Source[] = [...CLOCK, ...PRIVILEGED_COMMANDS];

/** The newest kernel message when the window began, once it is known. */
interface LogWindow {
  since: number | undefined;
}

function rootParsers(window: LogWindow): (id: SourceId) => Parser | undefined {
  return (id) => privilegedParserFor(id, () => window.since) ?? parserFor(id);
}

/** The latest that root's probe said. */
interface Heard {
  hello: readonly RecordedPart[];
  answer: RecordedAnswer | undefined;
}

type Samples = Pick<ProbeSession, 'sample' | 'close'>;

class Look implements DeepLook {
  #trace: DropTrace | undefined;
  #traceFailed: string | undefined;
  #first: Readings = new Map();
  #begin: RootAnswer | undefined;
  #end: RootAnswer | undefined;
  #closed = false;

  constructor(
    readonly session: Samples,
    readonly startTrace: () => Promise<DropTrace>,
    readonly window: LogWindow,
    readonly heard: Heard,
  ) {}

  get recorded(): LookedRoot | undefined {
    if (this.#begin === undefined || this.#end === undefined) return undefined;
    const trace: RecordedTrace = this.#trace?.recorded ?? { kind: 'failed', why: this.#traceFailed ?? '' };
    return { kind: 'looked', hello: this.heard.hello, begin: this.#begin, trace, end: this.#end };
  }

  async begin(signal?: AbortSignal): Promise<Readings> {
    const readings = await this.#sample(signal, (answer) => (this.#begin = answer));
    const log = readings.get('dmesg');
    if (log?.state === 'ok') this.window.since = log.facts.gauges.get('dmesg.newest');
    const begun = await this.#startTrace();
    // Started after `close`: nobody would end it.
    if (this.#closed) this.#trace?.cancel();
    return (this.#first = new Map([...readings, [DROP_TRACE.id, begun]]));
  }

  async end(signal?: AbortSignal): Promise<Readings> {
    const drops = await this.#trace?.stop();
    const readings = await this.#sample(signal, (answer) => (this.#end = answer));
    return comparable(this.#first, new Map([...readings, ...(drops === undefined ? [] : [[DROP_TRACE.id, drops] as const])]));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#trace?.cancel();
    await this.session.close();
  }

  /** What cannot be read is said, and is no reason to give up the diagnosis; only its end is. */
  async #sample(signal: AbortSignal | undefined, keep: (answer: RootAnswer) => void): Promise<Readings> {
    try {
      this.heard.answer = undefined;
      const { readings } = await this.session.sample(TIERS, signal);
      keep(this.heard.answer === undefined ? { kind: 'failed', why: '' } : { kind: 'answer', answer: this.heard.answer });
      return readings;
    } catch (error) {
      if (!(error instanceof TransportError) || error.reason === 'cancelled') throw error;
      keep({ kind: 'failed', why: error.message });
      const reading: Reading = { state: 'unreadable', reason: 'failed', why: msg('{0}', error.message), how: undefined };
      return new Map([PRIVILEGED, ...PRIVILEGED_COMMANDS].map((source) => [source.id, reading]));
    }
  }

  async #startTrace(): Promise<Reading> {
    try {
      this.#trace = await this.startTrace();
      return this.#trace.begun;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      this.#traceFailed = error.message;
      return { state: 'unreadable', reason: 'failed', why: msg('{0}', error.message), how: undefined };
    }
  }
}

/**
 * The later readings, without the counters of rules that were changed in between: iptables counts rules by their place,
 * and what is in a place may be another rule than before.
 */
function comparable(first: Readings, last: Readings): Readings {
  const [before, after] = [first.get('firewall'), last.get('firewall')];
  if (before?.state !== 'ok' || after?.state !== 'ok') return last;
  const texts = new Map(before.facts.rows.map((row) => [row.key, row.labels.get('rule')]));
  const isSame = (row: Row): boolean => !texts.has(row.key) || texts.get(row.key) === row.labels.get('rule');
  const rows = after.facts.rows.map((row) => (isSame(row) ? row : { ...row, counters: new Map() }));
  const facts: Facts = { ...plain(after.facts), rows };
  return new Map([...last, ['firewall', { state: 'ok', facts }]]);
}

function plain({ counters, gauges, texts, rows, problems }: Facts): Facts {
  return { counters, gauges, texts, rows, problems };
}
