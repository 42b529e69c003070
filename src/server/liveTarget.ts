import { TransportError } from '../collect/transport.js';
import type { Target } from '../collect/target.js';
import { diagnose } from '../core/diagnosis/diagnose.js';
import type { Diagnosis } from '../core/diagnosis/types.js';
import { derive } from '../core/observe/derive.js';
import { observe, type WindowView } from '../core/observe/window.js';
import type { HostInfo, Sample } from '../core/sample.js';
import type { Tier } from '../core/sources.js';
import type { Library } from '../engine/library.js';
import type { OpenedTarget } from '../engine/open.js';
import { liveTiers } from '../engine/schedule.js';
import { watchWindow, type Watched } from '../engine/watch.js';
import type { TargetState } from '../protocol/tree.js';
import { backoffMs } from './backoff.js';

/** Counters of the live view are compared over this many seconds: long enough to be calm, short enough to be live. */
const LIVE_SPAN = 5;

/** Samples are kept this long, so that the seldom-read sources still have two readings. */
const KEEP_SECONDS = 90;

export interface LiveTargetDeps {
  readonly library: Library;
  /** Opens the target; `interactive` tells whether a person may be asked. */
  open(target: Target, interactive: boolean, signal: AbortSignal): Promise<OpenedTarget>;
  /** Called after every look and every change of state. */
  changed(target: LiveTarget): void;
  now(): number;
}

/** What the latest looks at a target say. */
export interface Look {
  readonly view: WindowView;
  readonly diagnosis: Diagnosis;
}

/**
 * One target for as long as the extension is interested in it: connects, samples while somebody looks, reconnects
 * without asking anybody when the connection is lost.
 */
export class LiveTarget {
  readonly uri: string;
  readonly target: Target;
  readonly #deps: LiveTargetDeps;
  #opened: OpenedTarget | undefined;
  #opening: Promise<OpenedTarget> | undefined;
  #ring: Sample[] = [];
  #look: Look | undefined;
  #state: TargetState = { kind: 'paused' };
  #intervalMs = 1_000;
  #watching = false;
  #diagnosing = 0;
  #index = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
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

  get host(): HostInfo | undefined {
    return this.#opened?.session.host;
  }

  get opened(): OpenedTarget | undefined {
    return this.#opened;
  }

  /** Connects if it is not connected. Calls made at the same time share one attempt. */
  async connect(interactive: boolean): Promise<OpenedTarget> {
    if (this.#opened) return this.#opened;
    if (this.#opening) return this.#opening;
    // Stale values stay on the screen, marked as such, until there are fresh ones.
    if (this.#look === undefined) this.#setState({ kind: 'connecting' });
    this.#opening = this.#open(interactive);
    try {
      return await this.#opening;
    } finally {
      this.#opening = undefined;
    }
  }

  async #open(interactive: boolean): Promise<OpenedTarget> {
    try {
      const opened = await this.#deps.open(this.target, interactive, this.#end.signal);
      if (this.#end.signal.aborted) {
        await opened.close();
        throw new TransportError('cancelled', 'The target was closed.');
      }
      this.#opened = opened;
      this.#failures = 0;
      this.#index = 0;
      void opened.transport.lost.then((error) => this.#lost(opened, error));
      this.#setState(this.#watching ? { kind: 'live' } : { kind: 'paused' });
      return opened;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  /** Sampling goes on while somebody looks. */
  watch(watching: boolean, intervalMs: number): void {
    this.#intervalMs = Math.max(250, intervalMs);
    if (this.#watching === watching) return;
    this.#watching = watching;
    if (watching) {
      this.#index = 0;
      this.#schedule(0);
    } else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      if (this.#state.kind === 'live') this.#setState({ kind: 'paused' });
    }
  }

  /** Watches a window and judges it; the live view goes on with the same samples. */
  async diagnose(seconds: number, progress: (elapsed: number) => void, signal: AbortSignal): Promise<Watched> {
    const opened = await this.connect(true);
    const sampler = {
      sample: async (tiers: ReadonlySet<Tier>, abort?: AbortSignal): Promise<Sample> => {
        const sample = await opened.session.sample(tiers, abort);
        this.#take(sample);
        return sample;
      },
    };
    this.#diagnosing += 1;
    try {
      return await watchWindow(sampler, this.#deps.library.causes, seconds, progress, signal);
    } catch (error) {
      this.#sampleFailed(opened, error);
      throw error;
    } finally {
      this.#diagnosing -= 1;
    }
  }

  async dispose(): Promise<void> {
    this.watch(false, this.#intervalMs);
    this.#end.abort();
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.close();
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    if (!this.#watching || this.#end.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#tick(), delay);
  }

  async #tick(): Promise<void> {
    const started = this.#deps.now();
    if (this.#diagnosing > 0) {
      this.#schedule(this.#intervalMs);
      return;
    }
    let opened: OpenedTarget;
    try {
      opened = await this.connect(false);
    } catch {
      // `connect` has told why; what a person must decide is not tried again behind their back.
      if (this.#state.kind !== 'failed') this.#schedule(backoffMs(this.#failures));
      return;
    }
    try {
      this.#take(await opened.session.sample(liveTiers(this.#index), this.#end.signal));
      this.#index += 1;
    } catch (error) {
      this.#sampleFailed(opened, error);
    }
    this.#schedule(Math.max(0, this.#intervalMs - (this.#deps.now() - started)));
  }

  #take(sample: Sample): void {
    const oldest = sample.hostSeconds - KEEP_SECONDS;
    this.#ring = [...this.#ring.filter((old) => old.bootId === sample.bootId && old.hostSeconds >= oldest), sample];
    const view = derive(observe(this.#ring, LIVE_SPAN));
    this.#look = { view, diagnosis: diagnose(view, this.#deps.library.causes) };
    this.#setState(this.#watching ? { kind: 'live' } : { kind: 'paused' });
  }

  #sampleFailed(opened: OpenedTarget, error: unknown): void {
    if (this.#end.signal.aborted || !(error instanceof TransportError) || error.reason === 'cancelled') return;
    // One answer that could not be understood says nothing about the next; a gap in the samples is harmless.
    if (error.reason === 'garbled') return;
    this.#lost(opened, error);
  }

  #lost(opened: OpenedTarget, error: TransportError): void {
    if (this.#opened !== opened) return;
    this.#opened = undefined;
    this.#failures += 1;
    void opened.close().catch(() => undefined);
    this.#setState({ kind: 'stale', since: this.#deps.now(), why: error.message });
    this.#schedule(backoffMs(this.#failures));
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
      const since = this.#state.kind === 'stale' ? this.#state.since : this.#deps.now();
      this.#setState({ kind: 'stale', since, why });
      return;
    }
    this.#setState({ kind: 'failed', why, how: known?.how ?? null });
  }

  #setState(state: TargetState): void {
    this.#state = state;
    this.#deps.changed(this);
  }
}
