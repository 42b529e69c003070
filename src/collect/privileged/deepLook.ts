import type { Facts, Row } from '../../core/facts.js';
import { msg } from '../../core/message.js';
import { privilegedParserFor } from '../../core/privileged/parsers.js';
import { DROP_TRACE, PRIVILEGED, PRIVILEGED_COMMANDS } from '../../core/privileged/sources.js';
import { parserFor } from '../../core/parse/index.js';
import type { Reading } from '../../core/sample.js';
import { SOURCES, type SourceId, type Tier } from '../../core/sources.js';
import type { NamespaceEntry } from '../namespace.js';
import { openSession, type ProbeSession } from '../session.js';
import { TransportError, type Transport } from '../transport.js';
import { startDropTrace, type DropTrace } from './dropTrace.js';
import { asRoot, type RootWay } from './rootTransport.js';

/** What a source said, by source. */
export type Readings = ReadonlyMap<SourceId, Reading>;

/** What root sees of one watched window: rules and counters at both ends, kernel messages and drops of the time between. */
export interface DeepLook {
  /** Reads the beginning and starts the drop trace. Rejects with a TransportError `cancelled` when the signal fires. */
  begin(signal?: AbortSignal): Promise<Readings>;
  /** Ends the drop trace and reads the end. Rejects as `begin` does. */
  end(signal?: AbortSignal): Promise<Readings>;
  /** Ends everything that runs on the host. Safe to call at any time. */
  close(): Promise<void>;
}

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
  const window: { since: number | undefined } = { since: undefined };
  const session = await openSession(transport, {
    host: options.host,
    sources: [...CLOCK, ...PRIVILEGED_COMMANDS],
    parserFor: (id) => privilegedParserFor(id, () => window.since) ?? parserFor(id),
    ...options.entry,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return new Look(session, transport, options.seconds + GRACE_SECONDS, window);
}

class Look implements DeepLook {
  #trace: DropTrace | undefined;
  #first: Readings = new Map();
  #closed = false;

  constructor(
    readonly session: ProbeSession,
    readonly transport: Transport,
    readonly seconds: number,
    readonly window: { since: number | undefined },
  ) {}

  async begin(signal?: AbortSignal): Promise<Readings> {
    const readings = await this.#sample(signal);
    const log = readings.get('dmesg');
    if (log?.state === 'ok') this.window.since = log.facts.gauges.get('dmesg.newest');
    const begun = await this.#startTrace();
    // Started after `close`: nobody would end it.
    if (this.#closed) this.#trace?.cancel();
    return (this.#first = new Map([...readings, [DROP_TRACE.id, begun]]));
  }

  async end(signal?: AbortSignal): Promise<Readings> {
    const drops = await this.#trace?.stop();
    const readings = await this.#sample(signal);
    return comparable(this.#first, new Map([...readings, ...(drops === undefined ? [] : [[DROP_TRACE.id, drops] as const])]));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#trace?.cancel();
    await this.session.close();
  }

  /** What cannot be read is said, and is no reason to give up the diagnosis; only its end is. */
  async #sample(signal: AbortSignal | undefined): Promise<Readings> {
    try {
      return (await this.session.sample(TIERS, signal)).readings;
    } catch (error) {
      if (!(error instanceof TransportError) || error.reason === 'cancelled') throw error;
      const reading: Reading = { state: 'unreadable', reason: 'failed', why: msg('{0}', error.message), how: undefined };
      return new Map([PRIVILEGED, ...PRIVILEGED_COMMANDS].map((source) => [source.id, reading]));
    }
  }

  async #startTrace(): Promise<Reading> {
    try {
      this.#trace = await startDropTrace(this.transport, { seconds: this.seconds });
      return this.#trace.begun;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
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
