import { decideTrial, startTrial, type Ended, type Trial } from '../collect/change/trial.js';
import { TransportError } from '../collect/transport.js';
import { prove, type Proof, type ProofRow } from '../core/fix/proof.js';
import type { ChangePlan, Current } from '../core/fix/types.js';
import { english, msg, type Message } from '../core/message.js';
import type { WindowView } from '../core/observe/window.js';
import { readSettings, type RootAt } from './settings.js';

/** How a change ended; see `ChangePhase` of the protocol. */
export type Outcome = 'kept' | 'undone' | 'late' | 'failed' | 'unheard' | 'stuck';

/** Where a change stands. `deadline`: milliseconds since the epoch, when the host undoes it. */
export type Phase =
  | { readonly kind: 'before' }
  | { readonly kind: 'arming' }
  | { readonly kind: 'trial'; readonly deadline: number; readonly measuring: boolean }
  | { readonly kind: 'deciding' }
  | { readonly kind: 'over'; readonly outcome: Outcome; readonly why: Message };

/** What a change needs of the outside. */
export interface ChangeDeps {
  /** Watches the target's counters. Rejects with a TransportError. */
  watch(seconds: number, signal: AbortSignal): Promise<WindowView>;
  /**
   * Root on the target, over the connection that is there now or a new one. `interactive`: whether a person is there to
   * be asked. Rejects with a TransportError.
   */
  root(interactive: boolean, signal: AbortSignal): Promise<RootAt>;
  /**
   * Rejects when nobody can come in anew: asked before a disruptive change is kept, because a connection that exists
   * outlives many a change that shuts everybody else out.
   */
  comeInAnew(signal: AbortSignal): Promise<void>;
  /** Called at every change of phase or proof. */
  changed(change: Change): void;
  now(): number;
}

export interface ChangeOptions {
  readonly id: string;
  readonly plan: ChangePlan;
  /** The host as people call it. */
  readonly host: string;
  readonly row: ProofRow | undefined;
  /** After how many seconds the host undoes the change. */
  readonly undoSeconds: number;
  /** For how long the counters are watched, before and after. */
  readonly watchSeconds: number;
}

/** What came of a decision: `undefined` when it was carried out. */
export type Refusal = Message | undefined;

/** The host's clock and the way back take a little: only then is the host asked what became of the change. */
const AFTER_DEADLINE_MS = 4_000;

/**
 * One change of a host, from the first look at the counters to the word of a person. Whatever happens to this process
 * or to its connection, the host itself brings everything back in time unless it was told to keep the change.
 */
export class Change {
  readonly options: ChangeOptions;
  readonly #deps: ChangeDeps;
  readonly #end = new AbortController();
  #phase: Phase = { kind: 'before' };
  #proof: Proof | undefined;
  #before: WindowView | undefined;
  #trial: Trial | undefined;
  #deadline = 0;
  #check: NodeJS.Timeout | undefined;

  constructor(options: ChangeOptions, deps: ChangeDeps) {
    this.options = options;
    this.#deps = deps;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get proof(): Proof | undefined {
    return this.#proof;
  }

  /** Resolves when the change is over or waits for a person. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#end;
    const { plan, host, undoSeconds, watchSeconds } = this.options;
    try {
      this.#deps.changed(this);
      this.#before = await this.#deps.watch(watchSeconds, signal);
      this.#set({ kind: 'arming' });
      const at = await this.#deps.root(true, signal);
      const moved = await this.#isAsBefore(at);
      if (moved !== undefined) return this.#over('failed', moved);
      const apply = plan.steps.flatMap(({ sets }) => sets);
      // Backwards, as what was built is taken down.
      const undo = [...plan.steps].reverse().flatMap(({ resets }) => resets);
      const trial = await startTrial(at.transport, { apply, undo, seconds: undoSeconds, prefix: at.prefix, host });
      this.#trial = trial;
      this.#deadline = this.#deps.now() + undoSeconds * 1_000;
      // The host's clock runs from here, whatever becomes of the connection while the change is made.
      this.#set({ kind: 'trial', deadline: this.#deadline, measuring: true });
      void trial.ended.then(async (how) => {
        // What could not be made is told below, with the reason.
        if ((await trial.applied).kind !== 'failed') this.#ended(how);
      });
      const applied = await trial.applied;
      if (applied.kind === 'failed') return await this.#failed(applied.said);
      if (applied.kind === 'unheard') return this.#waitForHost();
      const other = await this.#otherThanWanted(await this.#deps.root(true, signal));
      if (other !== undefined) return await this.#takeBack('failed', other);
      await this.#measure();
    } catch (error) {
      if (this.#phase.kind === 'over') return;
      if (this.#trial === undefined) this.#over('failed', msg('{0} Nothing was changed.', sentenceOf(error)));
      else this.#waitForHost();
    }
  }

  /** Keeps the change. */
  async keep(): Promise<Refusal> {
    const trial = this.#trial;
    if (trial === undefined || this.#phase.kind !== 'trial') return this.#notNow();
    const { signal } = this.#end;
    this.#set({ kind: 'deciding' });
    try {
      if (this.options.plan.risk === 'disruptive') {
        try {
          await this.#deps.comeInAnew(signal);
        } catch (error) {
          const why = msg('No new connection could be made with this change ({0}), so it was undone.', sentenceOf(error));
          await this.#takeBack('undone', why);
          return why;
        }
      }
      const at = await this.#deps.root(true, signal);
      await decideTrial(at.transport, trial.nonce, 'keep', signal);
      const other = await this.#otherThanWanted(await this.#deps.root(true, signal));
      if (other === undefined) {
        this.#over('kept', msg('The change was kept.'));
        return undefined;
      }
      const why = msg('It was too late: the host had undone the change.');
      this.#over('late', why);
      return why;
    } catch (error) {
      return this.#undecided(error);
    }
  }

  /** Undoes the change at once. */
  async undo(): Promise<Refusal> {
    if (this.#trial === undefined || this.#phase.kind !== 'trial') return this.#notNow();
    this.#set({ kind: 'deciding' });
    try {
      await this.#takeBack('undone', msg('The change was undone.'));
      return undefined;
    } catch (error) {
      return this.#undecided(error);
    }
  }

  /** Watches the counters once more, when a program has been started anew or load has come back. */
  async measureAgain(): Promise<Refusal> {
    if (this.#phase.kind !== 'trial' || this.#phase.measuring) return this.#notNow();
    try {
      await this.#measure();
      return undefined;
    } catch (error) {
      return this.#undecided(error);
    }
  }

  /** Forgets the change; the host's own clock runs on. */
  abandon(): void {
    clearTimeout(this.#check);
    this.#end.abort();
  }

  async #measure(): Promise<void> {
    const { plan, row, watchSeconds } = this.options;
    this.#set({ kind: 'trial', deadline: this.#deadline, measuring: true });
    const after = await this.#deps.watch(watchSeconds, this.#end.signal);
    // The person, or the host, may have decided meanwhile.
    if (this.#phase.kind !== 'trial' || this.#before === undefined) return;
    this.#proof = prove(plan.watch, row, this.#before, after);
    if (this.#proof.verdict === 'same' && plan.then === undefined) {
      this.#set({ kind: 'deciding' });
      await this.#takeBack('undone', msg('No change in the counters: the change was undone.'));
      return;
    }
    this.#set({ kind: 'trial', deadline: this.#deadline, measuring: false });
  }

  /** Has the host undo it, and looks whether it did. */
  async #takeBack(outcome: Outcome, why: Message): Promise<void> {
    const trial = this.#trial;
    if (trial === undefined) return;
    const { signal } = this.#end;
    await decideTrial((await this.#deps.root(true, signal)).transport, trial.nonce, 'undo', signal);
    await this.#settle(outcome, why);
  }

  /** Says how it ended by what the settings are: nothing else proves that they are back. */
  async #settle(outcome: Outcome, why: Message, interactive = true): Promise<void> {
    const left = await this.#isAsBefore(await this.#deps.root(interactive, this.#end.signal));
    if (left === undefined) this.#over(outcome, why);
    else this.#over('stuck', msg('It could not be undone by itself: {0}', english(left)));
  }

  async #failed(said: string): Promise<void> {
    await this.#settle('failed', said === '' ? msg('The change could not be made. Everything is as it was.') : msg('The change could not be made: {0} Everything is as it was.', said));
  }

  /** The host ended the trial, or can no longer be heard. */
  #ended(how: Ended): void {
    if (this.#phase.kind !== 'trial') return;
    switch (how) {
      case 'unheard':
        this.#waitForHost();
        break;
      case 'late':
      case 'undone':
        void this.#settle('late', msg('Nobody confirmed in time: the host undid the change.'), false).catch(() => this.#waitForHost());
        break;
      case 'undo-failed':
        // What it could not write may be as it was all the same: a file that takes no value cannot be given its own.
        void this.#settle('late', msg('Nobody confirmed in time: the host undid the change.'), false).catch(() => this.#over('stuck', msg('The host could not undo the change.')));
        break;
      case 'kept':
        this.#over('kept', msg('The change was kept.'));
        break;
    }
  }

  /** The connection is gone: a person can still decide over another one; when time is over, the host is asked. */
  #waitForHost(): void {
    if (this.#phase.kind === 'over') return;
    this.#set({ kind: 'trial', deadline: this.#deadline, measuring: false });
    clearTimeout(this.#check);
    const delay = Math.max(0, this.#deadline - this.#deps.now()) + AFTER_DEADLINE_MS;
    this.#check = setTimeout(() => {
      if (this.#phase.kind === 'over') return;
      this.#settle('late', msg('Nobody confirmed in time: the host undid the change.'), false).catch((error: unknown) => {
        if (this.#phase.kind === 'over') return;
        this.#over('unheard', msg('{0} The host undid the change by itself when its time was over; that could not be looked at yet.', sentenceOf(error)));
      });
    }, delay);
  }

  /** `undefined` when everything is as it was when the plan was made. */
  async #isAsBefore(at: RootAt): Promise<Message | undefined> {
    return this.#differs(at, ({ before }) => before.value);
  }

  /** `undefined` when the host took every value. */
  async #otherThanWanted(at: RootAt): Promise<Message | undefined> {
    return this.#differs(at, ({ after }) => after);
  }

  async #differs(at: RootAt, expected: (step: ChangePlan['steps'][number]) => string): Promise<Message | undefined> {
    const { steps } = this.options.plan;
    const read = await readSettings(at, steps.map(({ setting }) => setting), this.#end.signal);
    if (read.kind === 'refused') return read.why;
    for (const [index, step] of steps.entries()) {
      const current: Current | undefined = read.currents[index];
      if (current?.value !== expected(step)) return msg('{0} is {1}, not {2}.', step.name, current?.value ?? '–', expected(step));
    }
    return undefined;
  }

  /** A decision that could not be carried out: the trial goes on until the host ends it. */
  #undecided(error: unknown): Message {
    this.#waitForHost();
    return msg('{0} The host undoes the change by itself unless it can be told in time.', sentenceOf(error));
  }

  #notNow(): Message {
    return this.#phase.kind === 'over' ? msg('This change is over: {0}', english(this.#phase.why)) : msg('Something else is being done with this change.');
  }

  #over(outcome: Outcome, why: Message): void {
    if (this.#phase.kind === 'over') return;
    clearTimeout(this.#check);
    this.#set({ kind: 'over', outcome, why });
  }

  #set(phase: Phase): void {
    if (this.#phase.kind === 'over') return;
    this.#phase = phase;
    this.#deps.changed(this);
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof TransportError || error instanceof Error ? error.message : String(error);
}
