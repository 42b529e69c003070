import { TransportError } from '../collect/transport.js';
import type { SshBackend } from '../collect/ssh/types.js';
import type { Target } from '../collect/target.js';
import { diagnose } from '../core/diagnosis/diagnose.js';
import type { Diagnosis } from '../core/diagnosis/types.js';
import { derive } from '../core/observe/derive.js';
import { english, msg } from '../core/message.js';
import { observe, retain, type WindowView } from '../core/observe/window.js';
import type { HostInfo, Sample } from '../core/sample.js';
import type { Library } from '../engine/library.js';
import { notAgreed, type Deeper } from '../engine/deeper.js';
import type { OpenedTarget } from '../engine/open.js';
import { liveTiers } from '../engine/schedule.js';
import { watchWindow, type Sampler, type Watched } from '../engine/watch.js';
import type { Recorder } from '../engine/record.js';
import type { Replay } from '../engine/replay.js';
import type { DiagnosisReport } from '../protocol/diagnosis.js';
import type { TargetState } from '../protocol/tree.js';
import { Attempt } from './attempt.js';
import { backoffMs } from './backoff.js';
import { Idle } from './idle.js';
import { answersWithin } from './wakeWatch.js';

/** Counters of the live view are compared over this many seconds: long enough to be calm, short enough to be live. */
const LIVE_SPAN = 5;

/** The second look comes this soon after the first. */
const SECOND_LOOK_MS = 1_000;

export interface LiveTargetDeps {
  readonly library: Library;
  /** Opens the target; `interactive` tells whether a person may be asked. */
  open(target: Target, interactive: boolean, signal: AbortSignal): Promise<OpenedTarget>;
  /** Called after every look and every change of state. */
  changed(target: LiveTarget): void;
  now(): number;
  /** A number from 0 to 1, so that many lost connections are not made anew in step. */
  random(): number;
}

/** How soon a connection must answer after this machine has slept to be kept. */
const WAKE_MS = 3_000;

/** Times between two looks, in milliseconds; a timer cannot wait longer than about 24 days. */
const SHORTEST_INTERVAL = 250;
const LONGEST_INTERVAL = 600_000;

/** A watched window, and whose it was. */
export interface WatchedHost extends Watched {
  readonly host: HostInfo;
  /** Has the recording of this host remember the verdict that was given. */
  keep(report: DiagnosisReport): void;
}

/** What the latest looks at a target say. */
export interface Look {
  readonly view: WindowView;
  readonly diagnosis: Diagnosis;
}

/**
 * One target for as long as the extension is interested in it: connects, samples while somebody looks, starts the probe
 * anew when it hangs, reconnects without asking anybody when the connection is lost, and closes one that nobody uses.
 */
export class LiveTarget {
  readonly uri: string;
  readonly target: Target;
  readonly #deps: LiveTargetDeps;
  readonly #idle = new Idle(() => {
    this.#setState({ kind: 'paused' });
    void this.#letGo().catch(() => undefined);
  });
  #opened: OpenedTarget | undefined;
  #attempt: Attempt<OpenedTarget> | undefined;
  #host: HostInfo | undefined;
  #backend: SshBackend | undefined;
  #ring: readonly Sample[] = [];
  #look: Look | undefined;
  #state: TargetState = { kind: 'paused' };
  #intervalMs = 1_000;
  #watching = false;
  #diagnosing = 0;
  #index = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  /** Whether to look again at once when the look under way is over. */
  #hurry = false;
  #recorder: Recorder | undefined;
  #earlier: Recorder | undefined;
  #end = new AbortController();

  constructor(uri: string, target: Target, deps: LiveTargetDeps) {
    this.uri = uri;
    this.target = target;
    this.#deps = deps;
  }

  get state(): TargetState {
    return this.#state;
  }

  get look(): Look | undefined {
    return this.#look;
  }

  /** The host as it was when the connection was last made; known also while the connection is lost. */
  get host(): HostInfo | undefined {
    return this.#host;
  }

  /** Which program made the latest SSH connection; `undefined` for a target that needs none. */
  get backend(): SshBackend | undefined {
    return this.#backend;
  }

  /** What a recording of the host is made of: that of the latest connection, unless only an earlier one has a diagnosis. */
  get recorder(): Recorder | undefined {
    return this.#recorder?.hasWindow === false && this.#earlier?.hasWindow === true ? this.#earlier : (this.#recorder ?? this.#earlier);
  }

  /** What was recorded, where the target is a recording that is open. */
  get replay(): Replay | undefined {
    return this.#opened?.replay;
  }

  /**
   * Connects if it is not connected. Calls made at the same time share one attempt; where one in the background fails
   * for want of an answer, a caller who can be asked gets an attempt of its own. Rejects with a TransportError,
   * `cancelled` when `signal` fires; the attempt ends then only if nobody else waits for it.
   */
  async connect(interactive: boolean, signal?: AbortSignal): Promise<OpenedTarget> {
    for (;;) {
      if (this.#opened) return this.#opened;
      const attempt = this.#attempt?.abandoned === false ? this.#attempt : this.#start(interactive);
      try {
        return await attempt.join(interactive, signal);
      } catch (error) {
        if (!interactive || attempt.interactive || !wantsAnswer(error)) throw error;
      }
    }
  }

  #start(interactive: boolean): Attempt<OpenedTarget> {
    const attempt = new Attempt(interactive, (signal) =>
      this.#open(interactive, AbortSignal.any([signal, this.#end.signal])).finally(() => {
        if (this.#attempt === attempt) this.#attempt = undefined;
      }),
    );
    this.#attempt = attempt;
    return attempt;
  }

  async #open(interactive: boolean, signal: AbortSignal): Promise<OpenedTarget> {
    // Stale values stay on the screen, marked as such, until there are fresh ones.
    if (this.#look === undefined) this.#setState({ kind: 'connecting' });
    let opened: OpenedTarget;
    try {
      opened = await this.#deps.open(this.target, interactive, signal);
      if (signal.aborted) {
        await opened.close();
        throw new TransportError('cancelled', english(msg('Cancelled.')));
      }
    } catch (error) {
      this.#failed(error);
      throw error;
    }
    this.#opened = opened;
    this.#host = opened.session.host;
    this.#backend = opened.ssh?.backend;
    if (this.#recorder?.hasWindow === true) this.#earlier = this.#recorder;
    this.#recorder = opened.recorder;
    this.#failures = 0;
    this.#index = 0;
    void opened.transport.lost.then((error) => this.#lost(opened, error));
    this.#setState(this.#watching ? { kind: 'live' } : { kind: 'paused' });
    // Looking had stopped where only a person could go on.
    this.#schedule(0);
    this.#rest();
    return opened;
  }

  /** Sampling goes on while somebody looks. */
  watch(watching: boolean, intervalMs: number): void {
    const interval = Math.min(LONGEST_INTERVAL, Math.max(SHORTEST_INTERVAL, intervalMs));
    const sooner = interval < this.#intervalMs;
    this.#intervalMs = interval;
    if (this.#watching === watching) {
      if (sooner && this.#opened) this.#schedule(interval);
      return;
    }
    this.#watching = watching;
    if (watching) {
      this.#index = 0;
      this.#schedule(0);
    } else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      if (this.#state.kind === 'live') this.#setState({ kind: 'paused' });
    }
    this.#rest();
  }

  /** Keeps the connection although nobody looks: a terminal is open, a command runs. The result lets it go. */
  hold(): () => void {
    return this.#idle.hold();
  }

  /** Settings were changed: sources that are read seldom are read with the next look, so that nothing old is shown. */
  refresh(): void {
    this.#index = 0;
    this.#lookNow();
  }

  /**
   * This machine has slept. A connection that does not answer at once is given up, and one that is lost is made anew
   * without a further wait. Where a terminal or a command uses it, its keepalive decides: the network may only be slow
   * to come back.
   */
  async woke(): Promise<void> {
    this.#failures = 0;
    const opened = this.#opened;
    if (opened === undefined) {
      // An attempt from before goes to an address, or over a network, that may be gone.
      if (this.#attempt?.interactive === false) this.#attempt.abandon();
      this.#lookNow();
      return;
    }
    if (opened.ssh === undefined || this.#idle.held) return;
    if ((await answersWithin(opened.session, WAKE_MS)) || this.#opened !== opened) return;
    this.#lost(opened, new TransportError('lost', english(msg('The connection to {0} did not survive the sleep of this machine.', opened.session.host.name))));
    this.#failures = 0;
    this.#lookNow();
  }

  /** Watches a window and judges it; the live view goes on with the same samples. `deepen`: what root is to see of it. */
  async diagnose(
    seconds: number,
    progress: (elapsed: number) => void,
    signal: AbortSignal,
    deepen: (opened: OpenedTarget) => Promise<Deeper> = () => Promise.resolve(notAgreed(msg('Use “Diagnose deeper as root”.'))),
  ): Promise<WatchedHost> {
    const opened = await this.connect(true, signal);
    if (opened.replay !== undefined) {
      return { ...(await opened.replay.diagnose(this.#deps.library.causes)), host: opened.session.host, keep: () => undefined };
    }
    const release = this.hold();
    try {
      await this.#renew(opened);
      return await this.#diagnose(opened, await deepen(opened), seconds, progress, signal);
    } finally {
      release();
    }
  }

  async #diagnose(opened: OpenedTarget, deeper: Deeper, seconds: number, progress: (elapsed: number) => void, signal: AbortSignal): Promise<WatchedHost> {
    const forget = opened.recorder?.hold();
    try {
      return await this.#sampling(opened, async (sampler) => {
        const watched = await watchWindow(sampler, this.#deps.library.causes, seconds, progress, signal, deeper);
        const keep = deeper.recorded && opened.recorder?.window(watched.samples, deeper.recorded);
        return { ...watched, host: opened.session.host, keep: (report) => keep?.(report) };
      });
    } finally {
      forget?.();
      await deeper.close();
    }
  }

  /** Lets somebody else take samples of the host, as a diagnosis does; the live view goes on with the same ones. */
  async sampling<T>(signal: AbortSignal, work: (opened: OpenedTarget, sampler: Sampler) => Promise<T>): Promise<T> {
    const opened = await this.connect(true, signal);
    if (opened.replay !== undefined) {
      throw new TransportError('unsupported', english(msg('This is a recording of {0}, and not the host itself.', opened.session.host.name)));
    }
    const release = this.hold();
    try {
      await this.#renew(opened);
      return await this.#sampling(opened, (sampler) => work(opened, sampler));
    } finally {
      release();
    }
  }

  async #sampling<T>(opened: OpenedTarget, work: (sampler: Sampler) => Promise<T>): Promise<T> {
    const sampler: Sampler = {
      sample: async (tiers, abort) => {
        try {
          const sample = await opened.session.sample(tiers, abort);
          this.#take(sample);
          return sample;
        } catch (error) {
          if (error instanceof TransportError) this.#sampleFailed(opened, error);
          throw error;
        }
      },
    };
    this.#diagnosing += 1;
    try {
      return await work(sampler);
    } finally {
      this.#diagnosing -= 1;
    }
  }

  async dispose(): Promise<void> {
    this.watch(false, this.#intervalMs);
    this.#end.abort();
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#rest();
    await opened?.close();
  }

  /** A connection costs the host something: one that nobody uses is closed some time later. */
  #rest(): void {
    this.#idle.counting = this.#opened?.ssh !== undefined && !this.#watching && !this.#end.signal.aborted;
  }

  #lookNow(): void {
    this.#hurry = this.#looking;
    this.#schedule(0);
  }

  /** Makes sure that the probe runs. */
  async #renew(opened: OpenedTarget): Promise<void> {
    if (opened.session.ended === undefined) return;
    await opened.renew();
    this.#host = opened.session.host;
    this.#index = 0;
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    if (!this.#watching || this.#looking || this.#end.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#tick(), delay);
  }

  /** One look and, unless only a person can go on, the appointment for the next. Never two at a time. */
  async #tick(): Promise<void> {
    this.#looking = true;
    const next = await this.#lookOnce().finally(() => {
      this.#looking = false;
    });
    const hurry = this.#hurry;
    this.#hurry = false;
    if (next !== undefined) this.#schedule(hurry ? 0 : next);
  }

  /** In how many milliseconds to look again; `undefined` when what went wrong will not pass by itself. */
  async #lookOnce(): Promise<number | undefined> {
    const started = this.#deps.now();
    if (this.#diagnosing > 0) return this.#intervalMs;
    try {
      const opened = await this.connect(false);
      try {
        await this.#renew(opened);
        this.#take(await opened.session.sample(liveTiers(this.#index, this.#intervalMs), this.#end.signal));
        this.#index += 1;
      } catch (error) {
        if (!(error instanceof TransportError)) this.#failed(error);
        else this.#sampleFailed(opened, error);
      }
    } catch {
      // `connect` has told why; what a person must decide is not tried again behind their back.
    }
    if (this.#state.kind === 'failed') return undefined;
    if (this.#opened === undefined || this.#state.kind === 'stale') return this.#backoff();
    // Rates need two looks: the second comes soon, however seldom the others.
    const interval = this.#ring.length < 2 ? Math.min(this.#intervalMs, SECOND_LOOK_MS) : this.#intervalMs;
    return Math.max(0, interval - (this.#deps.now() - started));
  }

  #backoff(): number {
    return backoffMs(this.#failures, this.#deps.random());
  }

  #take(sample: Sample): void {
    // Only what works is a success: a host may accept a connection and end it again each time.
    this.#failures = 0;
    this.#ring = retain([...this.#ring, sample], LIVE_SPAN);
    const view = derive(observe(this.#ring, LIVE_SPAN));
    this.#look = { view, diagnosis: diagnose(view, this.#deps.library.causes) };
    this.#setState(this.#watching ? { kind: 'live' } : { kind: 'paused' });
  }

  #sampleFailed(opened: OpenedTarget, error: TransportError): void {
    if (error.reason === 'cancelled') return;
    // One answer that could not be understood says nothing about the next; a gap in the samples is harmless.
    if (error.reason === 'garbled' || this.#opened !== opened) return;
    // The probe has ended; of the connection its keepalive knows. Terminals go on, and so may the next probe.
    this.#failures += 1;
    this.#stale(error.message);
  }

  #lost(opened: OpenedTarget, error: TransportError): void {
    if (this.#opened !== opened) return;
    this.#failures += 1;
    void this.#letGo().catch(() => undefined);
    this.#stale(error.message);
    this.#schedule(this.#backoff());
  }

  /** What is on the screen stays, and grows old. */
  #stale(why: string): void {
    const since = this.#state.kind === 'stale' ? this.#state.since : this.#deps.now();
    this.#setState({ kind: 'stale', since, why });
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    const known = error instanceof TransportError ? error : undefined;
    if (known?.reason === 'cancelled') {
      this.#setState(this.#look ? this.#state : { kind: 'paused' });
      return;
    }
    const why = known?.message ?? (error instanceof Error ? error.message : String(error));
    const passing = known !== undefined && ['unreachable', 'timeout', 'lost'].includes(known.reason);
    if (this.#look !== undefined && passing) {
      // It worked before: keep what is on the screen, say how old it is, and go on trying.
      this.#stale(why);
      return;
    }
    this.#setState({ kind: 'failed', why, how: known?.how ?? null });
  }

  #setState(state: TargetState): void {
    // Whoever closed the target has forgotten it.
    if (this.#end.signal.aborted) return;
    this.#state = state;
    this.#deps.changed(this);
  }
}

/** Whether an attempt failed because nobody could be asked. */
function wantsAnswer(error: unknown): boolean {
  return error instanceof TransportError && (error.reason === 'host-key-unknown' || error.reason === 'authentication');
}
