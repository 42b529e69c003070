import type { ProbeSession } from '../../src/collect/session.js';
import type { SshTransport } from '../../src/collect/ssh/types.js';
import { TransportError, type Transport } from '../../src/collect/transport.js';
import type { Sample } from '../../src/core/sample.js';
import type { Tier } from '../../src/core/sources.js';
import type { Library } from '../../src/engine/library.js';
import type { OpenedTarget } from '../../src/engine/open.js';
import type { TargetState } from '../../src/protocol/tree.js';
import { LiveTarget } from '../../src/server/liveTarget.js';
import { sample } from '../core/support/samples.js';

/** A library without any cause. */
export const library: Library = {
  guide: { kind: 'guide', id: 'g', title: 'g', intro: [], steps: [] },
  causes: [],
  runbooks: new Map(),
  problems: new Map(),
};

/** A host under the test's control. */
export class FakeHost {
  /** Why the probe has ended; set by the test, and undone by {@link renewals}. */
  ended: TransportError | undefined;
  renewals = 0;
  /** What starting the probe anew is answered with. */
  renew: () => Promise<void> = () => Promise.resolve();
  readonly samples: ReadonlySet<Tier>[] = [];
  closed = 0;
  lose: (error: TransportError) => void = () => undefined;
  /** What the next samples are answered with; a sample of the time that passed by default. */
  answer: (signal: AbortSignal | undefined) => Promise<Sample> = () => Promise.resolve(this.at());
  readonly opened: OpenedTarget;

  constructor(
    readonly name = 'web-1',
    kind: 'local' | 'ssh' = 'local',
  ) {
    const lost = new Promise<TransportError>((resolve) => (this.lose = resolve));
    const transport: Transport = { lost, spawn: () => Promise.reject(new Error('not here')), dispose: () => Promise.resolve() };
    const ended = (): TransportError | undefined => this.ended;
    const session: ProbeSession = {
      host: { name, kernel: '6.1', bootId: 'boot-1', uid: 0, tools: new Set() },
      traffic: { bytesIn: 0, bytesOut: 0, samples: 0, roundTrips: 0 },
      get ended() {
        return ended();
      },
      sample: (tiers, signal) => {
        this.samples.push(tiers);
        return this.answer(signal);
      },
      close: () => Promise.resolve(),
    };
    const close = (): Promise<void> => {
      this.closed += 1;
      return Promise.resolve();
    };
    const renew = async (): Promise<void> => {
      this.renewals += 1;
      await this.renew();
      this.ended = undefined;
    };
    const ssh: SshTransport = { ...transport, backend: { client: 'ssh2' }, openTerminal: () => Promise.reject(new Error('not here')) };
    const entry = { prefix: [], inNamespace: false };
    this.opened = { session, transport, entry, uri: 'ssh://web-1/', ssh: kind === 'ssh' ? ssh : undefined, renew, close };
  }

  at(): Sample {
    return sample(Date.now() / 1000, { netstat: { counters: { 'TcpExt.ListenDrops': Date.now() } } });
  }
}

type Attempt = { interactive: boolean; signal: AbortSignal; resolve(opened: OpenedTarget): void; reject(error: unknown): void };

interface Bench {
  readonly live: LiveTarget;
  readonly attempts: Attempt[];
  readonly states: TargetState[];
}

/** A target whose connections are made, or refused, by the test. */
export function bench(automatic?: FakeHost): Bench {
  const attempts: Attempt[] = [];
  const states: TargetState[] = [];
  const live = new LiveTarget('ssh://web-1/', { kind: 'ssh', host: 'web-1', namespace: { kind: 'host' } }, {
    library,
    open: (_target, interactive, signal) =>
      new Promise((resolve, reject) => {
        attempts.push({ interactive, signal, resolve, reject });
        signal.addEventListener('abort', () => reject(new TransportError('cancelled', 'cancelled')));
        if (automatic) resolve(automatic.opened);
      }),
    changed: (target) => states.push(target.state),
    now: Date.now,
    random: () => 0,
  });
  return { live, attempts, states };
}
