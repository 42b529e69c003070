import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { TransportError } from '../../collect/transport.js';
import { known } from '../../core/fix/kinds/index.js';
import { planChange, settingsOf, type ChosenFix } from '../../core/fix/plan.js';
import type { ProofRow } from '../../core/fix/proof.js';
import type { ChangePlan, Fix } from '../../core/fix/types.js';
import type { TableName } from '../../core/facts.js';
import { msg } from '../../core/message.js';
import { Change, type Refusal } from '../../engine/change.js';
import type { Library } from '../../engine/library.js';
import type { OpenedTarget } from '../../engine/open.js';
import { readSettings, type RootAt } from '../../engine/settings.js';
import type { Translate } from '../../engine/report.js';
import type { FixName, FixOffer, LoggedChange, PlanResult, UndoneChange } from '../../protocol/change.js';
import { ServerNotifications } from '../../protocol/messages.js';
import type { Look } from '../liveTarget.js';
import type { RootAccess } from '../rootAccess.js';
import type { Rpc } from '../rpc.js';
import type { Targets } from '../targets.js';
import { ChangeLog, type Entry } from './log.js';
import { Persisting } from './persist.js';
import { rowChoices } from './rows.js';
import { Unheard } from './unheard.js';
import { undoLogged } from './undoLogged.js';
import { changeState, loggedChange, planView, standingOf } from './view.js';

export interface ChangesDeps {
  readonly rpc: Rpc;
  readonly targets: Targets;
  readonly library: Library;
  readonly access: RootAccess;
  readonly translate: Translate;
  /** Folder for the change log. */
  readonly storage: string;
  /** Opens a target anew: whether anybody can still come in. */
  readonly open: (uri: string, signal: AbortSignal) => Promise<OpenedTarget>;
  /** Takes what cannot be told to whoever asked, because nobody waits. */
  readonly complain: (text: string) => void;
}

type Refused = { readonly kind: 'refused'; readonly why: string; readonly how: string | null };

interface Planned {
  readonly target: string;
  readonly plan: ChangePlan;
  readonly row: ProofRow | undefined;
  readonly hash: string;
  readonly at: number;
}

/** How long a plan stands: what it shows of the host grows old. */
const PLAN_MS = 10 * 60_000;

/** For how long a host is looked at whose rows are not known, in seconds. */
const LOOK_SECONDS = 1;

/** Tables that only root can read. */
const ROOTS_TABLES: ReadonlySet<TableName> = new Set(['rule', 'chain', 'drop']);

/** For how long the counters are watched before and after a change, in seconds. */
const WATCH_SECONDS = 5;

/** More than it takes a host to get ready, in seconds. */
const ARMING_SECONDS = 10;

/** Seconds after which a host undoes a change: what a person may set. */
const SHORTEST_TRIAL = 15;
const LONGEST_TRIAL = 900;
const USUAL_TRIAL = 60;

const newId = (): string => randomBytes(16).toString('hex');

/** All changes of this session: their plans, those under way, and the log of what was done. */
export class Changes {
  readonly log: ChangeLog;
  readonly persisting: Persisting;
  readonly #unheard: Unheard;
  readonly #deps: ChangesDeps;
  readonly #plans = new Map<string, Planned>();
  readonly #running = new Map<string, { readonly target: string; readonly change: Change }>();

  constructor(deps: ChangesDeps) {
    this.#deps = deps;
    this.log = new ChangeLog(join(deps.storage, 'changes'));
    this.#unheard = new Unheard({
      log: this.log,
      translate: deps.translate,
      isUnderWay: (id) => (this.#running.get(id)?.change.phase.kind ?? 'over') !== 'over',
      tell: (state) => {
        deps.rpc.notify(ServerNotifications.change, state);
        deps.targets.get(state.target).live.refresh();
      },
      now: Date.now,
    });
    deps.targets.whenConnected((opened) => {
      this.#unheard.connected(opened).catch((error: unknown) => deps.complain(error instanceof Error ? error.message : String(error)));
    });
    this.persisting = new Persisting({ targets: deps.targets, log: this.log, translate: deps.translate, rootAt: (target, signal) => this.rootAt(target, signal), now: Date.now });
  }

  /** The rows for one of which a fix is. Rejects with a TransportError where they have to be read, and cannot be. */
  async offer(name: FixName, signal: AbortSignal): Promise<FixOffer> {
    const found = this.#find(name);
    if (found.kind === 'refused') return found;
    const { fix } = found;
    return { kind: 'offer', title: fix.title, rows: rowChoices(fix, name.runbook, fix.each === 'host' ? undefined : await this.#look(name.target, fix, signal)) };
  }

  /** Reads what the fix would change. Rejects with a TransportError; refuses with a sentence. */
  async plan(name: FixName, rowKey: string | null, values: Readonly<Record<string, string>>, signal: AbortSignal): Promise<PlanResult> {
    const found = this.#find(name);
    if (found.kind === 'refused') return { ...found, setting: null };
    const { translate, targets } = this.#deps;
    const { live } = targets.get(name.target);
    const other = this.#onTrial(live.uri);
    if (other !== undefined) return { ...other, setting: null };
    const at = await this.#rootAt(live.uri, signal);
    const { fix } = found;
    let look = await this.#look(live.uri, fix, signal);
    // What is known of the host may be older than the row, where nobody looks at the host.
    if (fix.each !== 'host' && rowKey !== null && !look.view.rows.get(fix.each)?.has(rowKey)) look = await this.#watch(live.uri, fix.each, LOOK_SECONDS, signal);
    const row = fix.each === 'host' || rowKey === null ? undefined : look.view.rows.get(fix.each)?.get(rowKey);
    if (fix.each !== 'host' && row === undefined) return refused(translate(msg('“{0}” is not there any more.', rowKey ?? '')), null);
    const chosen: ChosenFix = { runbook: name.runbook, fix, row };
    const settings = settingsOf(chosen, look.view);
    if (settings.kind === 'refused') return refused(translate(settings.why), null);
    const host = (await live.connect(true, signal)).session.host;
    const missing = settings.settings.flatMap((setting) => known(setting).tools).find((tool) => host.tools.size > 0 && !host.tools.has(tool));
    if (missing !== undefined) return refused(translate(msg('{0} is not installed on {1}.', missing, host.name)), null);
    const read = await readSettings(at, settings.settings, signal);
    if (read.kind === 'refused') return refused(translate(read.why), read.setting);
    const wanted = new Map(Object.entries(values).map(([index, value]) => [Number(index), value]));
    const planned = planChange(chosen, look.view, read.currents, wanted);
    if (planned.kind === 'refused') return refused(translate(planned.why), planned.setting ?? null);
    const id = newId();
    const proofRow = row === undefined ? undefined : { table: row.table, key: row.key };
    this.#plans.set(id, { target: live.uri, plan: planned.plan, row: proofRow, hash: name.hash, at: Date.now() });
    this.#forgetOld();
    return { kind: 'plan', plan: planView(planned.plan, { id, fix, host, seconds: USUAL_TRIAL }, translate) };
  }

  /** A person agreed to a plan. */
  async apply(target: string, planId: string, seconds: number, signal: AbortSignal): Promise<{ readonly kind: 'begun'; readonly change: string } | Refused> {
    const { translate, targets, library } = this.#deps;
    const planned = this.#plans.get(planId);
    const { live } = targets.get(target);
    if (planned === undefined || planned.target !== live.uri || Date.now() - planned.at > PLAN_MS) {
      return refusal(translate(msg('This plan is too old. Look at the change once more.')));
    }
    this.#plans.delete(planId);
    const { plan, row, hash } = planned;
    if (library.runbooks.get(plan.runbook)?.hash !== hash) return refusal(translate(msg('The runbook has changed since it was shown. Open it again.')));
    const other = this.#onTrial(live.uri);
    if (other !== undefined) return other;
    const opened = await live.connect(true, signal);
    // Agreed to with root's password, where there is one: nothing is asked in the middle of a change.
    await this.#rootAt(live.uri, signal);
    const id = newId();
    const host = opened.session.host.name;
    const undoSeconds = Math.round(Math.min(LONGEST_TRIAL, Math.max(SHORTEST_TRIAL, seconds)));
    const release = live.hold();
    const entry = entryOf(id, live.uri, opened, plan, undoSeconds);
    let logged: Promise<void> = this.log.put(entry);
    await logged;
    const change = new Change(
      { id, plan, host, row, undoSeconds, watchSeconds: WATCH_SECONDS },
      {
        now: Date.now,
        watch: async (length, abort) => (await this.#watch(live.uri, row?.table, length, abort)).view,
        root: (interactive, abort) => this.#rootAt(live.uri, abort, interactive),
        comeInAnew: (abort) => this.#comeInAnew(live.uri, abort),
        changed: (now) => {
          this.#deps.rpc.notify(ServerNotifications.change, changeState(live.uri, now, translate));
          if (now.phase.kind !== 'over') return;
          release();
          live.refresh();
          const { outcome } = now.phase;
          logged = logged.then(() => this.log.put({ ...entry, outcome, proof: now.proof === undefined ? null : { ...now.proof, lines: [...now.proof.lines], seconds: [...now.proof.seconds] } }));
          logged.catch((error: unknown) => this.#deps.complain(translate(msg('The change log could not be written: {0}', error instanceof Error ? error.message : String(error)))));
        },
      },
    );
    this.#running.set(id, { target: live.uri, change });
    void change.run();
    return { kind: 'begun', change: id };
  }

  async decide(changeId: string, decision: 'keep' | 'undo' | 'measure'): Promise<{ readonly kind: 'done'; readonly text: string } | Refused> {
    const { translate } = this.#deps;
    const running = this.#running.get(changeId);
    if (running === undefined) return refusal(translate(msg('There is no such change under way.')));
    const { change } = running;
    const problem: Refusal = await (decision === 'keep' ? change.keep() : decision === 'undo' ? change.undo() : change.measureAgain());
    return problem === undefined ? { kind: 'done', text: '' } : refusal(translate(problem));
  }

  async list(target: string): Promise<readonly LoggedChange[]> {
    const { live } = this.#deps.targets.get(target);
    const entries = await this.log.of(live.uri);
    const underWay = new Set([...this.#running.values()].filter(({ change }) => change.phase.kind !== 'over').map(({ change }) => change.options.id));
    return [...entries].reverse().filter(({ id }) => !underWay.has(id)).map((entry) => loggedChange(entry, live.host?.bootId, this.#deps.translate));
  }

  /** Undoes logged changes, the latest first. Rejects with a TransportError when the host cannot be reached or root not be had. */
  async undo(target: string, ids: readonly string[], force: boolean, signal: AbortSignal): Promise<readonly UndoneChange[]> {
    const { translate } = this.#deps;
    const { live } = this.#deps.targets.get(target);
    const wanted = new Set(ids);
    const entries = [...(await this.log.of(live.uri))].reverse().filter(({ id }) => wanted.has(id));
    const at = await this.#rootAt(live.uri, signal);
    const { bootId } = (await live.connect(true, signal)).session.host;
    const results: UndoneChange[] = [];
    for (const { id } of entries) {
      // What was undone before it may have changed what is known of its files.
      const entry = (await this.log.of(live.uri)).find((one) => one.id === id);
      if (entry === undefined) continue;
      if (standingOf(entry, bootId) === 'undone') {
        results.push({ change: entry.id, title: entry.title, result: 'already', text: translate(msg('It was undone before.')) });
        continue;
      }
      const { result, text } = await undoLogged(at, this.log, entry, { force, rebooted: bootId !== entry.bootId }, signal);
      if (result !== 'conflict' && result !== 'failed') await this.log.update(live.uri, (all) => all.map((one) => (one.id === entry.id ? { ...one, undoneAt: Date.now() } : one)));
      results.push({ change: entry.id, title: entry.title, result, text: translate(text) });
    }
    live.refresh();
    return results;
  }

  /** An entry of the log by its id, for what comes after a change was kept. */
  async entry(target: string, id: string): Promise<Entry | undefined> {
    return (await this.log.of(this.#deps.targets.get(target).live.uri)).find((entry) => entry.id === id);
  }

  /** Root on a target, inside its namespace. */
  async rootAt(target: string, signal: AbortSignal): Promise<RootAt> {
    return this.#rootAt(this.#deps.targets.get(target).live.uri, signal);
  }

  dispose(): void {
    this.#unheard.dispose();
    // What is on trial on a host is ended by its own clock: nobody is left here to keep it.
    for (const { change } of this.#running.values()) change.abandon();
  }

  async #rootAt(uri: string, signal: AbortSignal, interactive = true): Promise<RootAt> {
    const opened = await this.#deps.targets.get(uri).live.connect(interactive, signal);
    if (opened.replay !== undefined) throw new TransportError('unsupported', 'This is a recording: nothing can be changed in it.');
    return { transport: await this.#deps.access.become(opened, signal), prefix: opened.entry.prefix };
  }

  async #comeInAnew(uri: string, signal: AbortSignal): Promise<void> {
    if (this.#deps.targets.get(uri).live.target.kind !== 'ssh') return;
    const opened = await this.#deps.open(uri, signal);
    await opened.close();
  }

  #onTrial(uri: string): Refused | undefined {
    const other = [...this.#running.values()].find(({ target, change }) => target === uri && change.phase.kind !== 'over');
    if (other === undefined) return undefined;
    return refusal(this.#deps.translate(msg('Another change of this host is on trial: {0}. Keep or undo it first.', other.change.options.plan.title)));
  }

  /** What is known of the host where that tells of the fix's rows, else a short look at it. */
  async #look(target: string, { each }: Fix, signal: AbortSignal): Promise<Look> {
    const known = this.#deps.targets.get(target).live.look;
    if (known !== undefined && (each === 'host' || known.view.rows.get(each) !== undefined)) return known;
    return this.#watch(target, each, LOOK_SECONDS, signal);
  }

  /** Watches a window, as root where only root sees the rows: whoever is about to change a host becomes root anyway. */
  async #watch(target: string, rows: Fix['each'] | undefined, seconds: number, signal: AbortSignal): Promise<Look> {
    const { live } = this.#deps.targets.get(target);
    const progress = (): void => undefined;
    if (rows === undefined || rows === 'host' || !ROOTS_TABLES.has(rows)) return live.diagnose(seconds, progress, signal);
    return live.diagnose(seconds, progress, signal, (opened) => this.#deps.access.open(opened, seconds, signal));
  }

  /** The fix is looked up in the document that this server parsed; only ids ever come from outside. */
  #find({ runbook, hash, fix: id }: FixName): { readonly kind: 'found'; readonly fix: Fix } | Refused {
    const { library, translate } = this.#deps;
    const loaded = library.runbooks.get(runbook);
    if (loaded === undefined) return refusal(translate(msg('There is no runbook called {0}.', runbook)));
    if (loaded.hash !== hash) return refusal(translate(msg('The runbook has changed since it was shown. Open it again.')));
    const fix = loaded.document.kind === 'cause' ? loaded.document.fixes.find((one) => one.id === id) : undefined;
    return fix === undefined ? refusal(translate(msg('The runbook has no fix called {0}.', id))) : { kind: 'found', fix };
  }

  #forgetOld(): void {
    for (const [id, { at }] of this.#plans) if (Date.now() - at > PLAN_MS) this.#plans.delete(id);
  }
}

function entryOf(id: string, target: string, { session }: OpenedTarget, plan: ChangePlan, undoSeconds: number): Entry {
  const at = Date.now();
  return {
    id,
    at,
    target,
    host: session.host.name,
    bootId: session.host.bootId,
    title: plan.title,
    runbook: plan.runbook,
    fix: plan.fix,
    steps: plan.steps.map(({ setting, name, before, after }) => ({ setting, name, before: { ...before }, after })),
    outcome: 'unheard',
    proof: null,
    persisted: [],
    undoneAt: null,
    overBy: at + (WATCH_SECONDS + ARMING_SECONDS + undoSeconds) * 1_000,
  };
}

function refusal(why: string): Refused {
  return { kind: 'refused', why, how: null };
}

function refused(why: string, setting: number | null): { readonly kind: 'refused'; readonly why: string; readonly how: null; readonly setting: number | null } {
  return { kind: 'refused', why, how: null, setting };
}
