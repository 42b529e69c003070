import { FactsBuilder, type Parser } from '../../core/facts.js';
import { english, msg } from '../../core/message.js';
import type { HostInfo, Sample } from '../../core/sample.js';
import type { Source, SourceId, Tier } from '../../core/sources.js';
import type { ProbeSession, Traffic } from '../session.js';
import { TransportError } from '../transport.js';

const ID = 'inhabited';

/**
 * A source that can be read as long as the process whose namespace was entered is still in it. Our own programs keep the
 * namespace of a container alive that has ended, and would find an idle, healthy network there for ever. Costs two stat(2).
 */
export function inhabitedSource(pid: number): Source {
  return {
    id: ID,
    title: msg('the process whose network is looked at'),
    tier: 'medium',
    scope: 'host',
    essential: false,
    reader: { kind: 'command', tools: [], script: `[ /proc/${pid}/ns/net -ef /proc/self/ns/net ]` },
  };
}

/** The parsers, with one for {@link inhabitedSource}, which prints nothing. */
export function withInhabitedParser(parserFor: (id: SourceId) => Parser | undefined): (id: SourceId) => Parser | undefined {
  return (id) => (id === ID ? () => new FactsBuilder() : parserFor(id));
}

/**
 * A session that is over, with a reason for people, as soon as a sample shows that the process has ended. Its samples are
 * a run of their own: the counters of what takes the process's place begin anew, as after a boot.
 */
export class InhabitedSession implements ProbeSession {
  readonly #session: ProbeSession;
  readonly #pid: number;
  readonly #called: string;
  #left: TransportError | undefined;

  constructor(session: ProbeSession, pid: number, host: string) {
    this.#session = session;
    this.#pid = pid;
    this.#called = host;
  }

  get host(): HostInfo {
    return this.#session.host;
  }

  get traffic(): Traffic {
    return this.#session.traffic;
  }

  get ended(): TransportError | undefined {
    return this.#left ?? this.#session.ended;
  }

  async sample(tiers: ReadonlySet<Tier>, signal?: AbortSignal): Promise<Sample> {
    if (this.#left !== undefined) throw this.#left;
    const sample = await this.#session.sample(tiers, signal);
    const own = sample.readings.get(ID);
    if (own?.state === 'unreadable' && own.reason === 'failed') {
      this.#left = new TransportError(
        'lost',
        english(msg('The process {0} on {1}, whose network was looked at, has ended.', this.#pid, this.#called)),
        english(msg('Connect again to look for what has taken its place.')),
      );
      await this.#session.close();
      throw this.#left;
    }
    const readings = new Map([...sample.readings].filter(([id]) => id !== ID));
    return { ...sample, bootId: `${sample.bootId} ${this.#pid}`, readings };
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
