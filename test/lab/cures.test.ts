import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChangeState, LoggedChange, PlanResult, UndoneChange } from '../../src/protocol/change.js';
import { DiagnosisReport } from '../../src/protocol/diagnosis.js';
import { RunbookDocument } from '../../src/protocol/runbook.js';
import { startServer, type TestServer } from '../server/client.js';
import { bundle, type Bundled } from '../support/bundle.js';
import type { Cure, CuredSetting, CureScene } from './cure.js';
import { hostOf, keepOver } from './keep.js';
import { Lab, whyNot } from './lab.js';
import { Pool } from './pool.js';

const runbooks = join(__dirname, '..', '..', 'media', 'runbooks');
const storage = mkdtempSync(join(tmpdir(), 'droplens-cures-'));
let built: Bundled;
let server: TestServer;

/** Most of a cure is waiting for counters. */
const pool = new Pool(9);
const LIMIT_MS = 240_000;

beforeAll(async () => {
  const why = await whyNot();
  if (why !== undefined) throw new Error(`The cures were not tried, because ${why}`);
  await Lab.sweep();
  built = await bundle('server/main.ts', 'server');
  server = await startServer(built.file, { runbooks, storage });
});

afterAll(async () => {
  await server.stop();
  built.remove();
  rmSync(storage, { recursive: true, force: true });
});

const files = readdirSync(join(__dirname, 'cures')).filter((name) => name.endsWith('.ts')).toSorted();
const cures = await Promise.all(files.map(async (name) => ((await import(`./cures/${name.slice(0, -'.ts'.length)}.ts`)) as { default: Cure }).default));

/** Load without an end, until it is stopped. */
class Load {
  readonly #scene: CureScene;
  #on = true;
  #work: Promise<void>;

  constructor(scene: CureScene) {
    this.#scene = scene;
    this.#work = this.#go();
    // Whoever stops it is told what went wrong.
    this.#work.catch(() => undefined);
  }

  /** Does what must be done between two loads. */
  async between(work: (() => Promise<void>) | undefined): Promise<void> {
    if (work === undefined) return;
    await this.stop();
    await work();
    this.#on = true;
    this.#work = this.#go();
    this.#work.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#on = false;
    await this.#work;
  }

  async #go(): Promise<void> {
    while (this.#on) await this.#scene.load();
  }
}

const Begun = v.object({ kind: v.literal('begun'), change: v.string() });

const Undone = v.object({ results: v.array(UndoneChange) });

/** A person at an editor whose server looks at one target. */
class Desk {
  readonly server: TestServer;
  readonly target: string;
  readonly #cure: Cure;
  readonly #scene: CureScene;
  readonly #load: Load;
  readonly #settings: readonly CuredSetting[];
  #trial: string | undefined;

  constructor(server: TestServer, target: string, { cure, scene, load, settings }: { readonly cure: Cure; readonly scene: CureScene; readonly load: Load; readonly settings: readonly CuredSetting[] }) {
    [this.server, this.target, this.#cure, this.#scene, this.#load, this.#settings] = [server, target, cure, scene, load, settings];
  }

  async ask<S extends v.GenericSchema>(schema: S, method: string, params: object): Promise<v.InferOutput<S>> {
    return v.parse(schema, await this.server.rpc.sendRequest(`droplens/${method}`, { target: this.target, ...params }));
  }

  async findings(): Promise<string[]> {
    const report = await this.ask(DiagnosisReport, 'diagnose', { seconds: 3 });
    return report.findings.filter(({ severity }) => severity === 'loss' || severity === 'risk').map(({ cause }) => cause);
  }

  /** The fault shows in one of a few looks: on a machine with much to do, one may come while the load waits for its turn. */
  async showsFault(): Promise<void> {
    let found = await this.findings();
    for (let looks = 1; looks < 3 && !found.includes(this.#cure.runbook); looks += 1) found = await this.findings();
    expect(found).toContain(this.#cure.runbook);
  }

  #decide(change: string, decision: string): Promise<unknown> {
    return this.server.rpc.sendRequest('droplens/fix/decide', { target: this.target, change, decision });
  }

  /** Plans, applies, waits for the proof, keeps. */
  async applied(): Promise<ChangeState> {
    const [cure, scene] = [this.#cure, this.#scene];
    const { hash } = await this.ask(RunbookDocument, 'runbook/open', { runbook: cure.runbook });
    const fix = { runbook: cure.runbook, hash, fix: cure.fix, row: scene.row?.() ?? null, values: scene.values ?? {} };
    const planned = await this.ask(PlanResult, 'fix/plan', fix);
    if (planned.kind !== 'plan') throw new Error(planned.why);
    expect(planned.plan.steps).toMatchObject(this.#settings);
    const { change } = await this.ask(Begun, 'fix/apply', { plan: planned.plan.plan, seconds: 120 });
    this.#trial = change;
    const until = (fits: (state: ChangeState) => boolean, seconds: number): Promise<ChangeState> =>
      this.server.until<ChangeState>('droplens/change', (state) => state.change === change && (fits(state) || state.phase.kind === 'over'), seconds);
    if (scene.restart !== undefined) {
      await until(({ phase }) => phase.kind === 'trial', 40);
      await this.#load.between(scene.restart);
      await until(({ phase, proof }) => phase.kind === 'trial' && !phase.measuring && proof !== null, 40);
      await this.#decide(change, 'measure');
    }
    const state = await until(({ phase, proof }) => phase.kind === 'trial' && !phase.measuring && proof?.verdict === 'stopped', 60).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify((this.server.received('droplens/change') as readonly ChangeState[]).findLast((one) => one.change === change))}`);
    });
    if (process.env['DROPLENS_LAB_SHOW'] === '1') process.stdout.write(`${cure.id}: ${state.proof?.sentence ?? JSON.stringify(state.phase)}\n`);
    expect(state.proof?.verdict, JSON.stringify(state)).toBe('stopped');
    expect(await this.#decide(change, 'keep')).toMatchObject({ kind: 'done' });
    this.#trial = undefined;
    const over = await until(({ phase }) => phase.kind === 'over', 20);
    expect(over.phase).toMatchObject({ kind: 'over', outcome: 'kept' });
    return over;
  }

  /** Back to the fault. */
  async undo(change: string): Promise<void> {
    const undone = await this.ask(Undone, 'changes/undo', { changes: [change], force: false });
    expect(undone.results).toMatchObject([{ change, result: 'undone' }]);
    await this.#load.between(this.#scene.restart);
  }

  /** What was left on trial must not stand in the way of the next. */
  async leave(): Promise<void> {
    if (this.#trial !== undefined) await this.#decide(this.#trial, 'undo');
    await this.server.rpc.sendRequest('droplens/disconnect', { target: this.target });
  }
}

/** From the fault to the proof and back; to the proof once more, into the host's file, and back again. */
async function goTheWholeWay(cure: Cure): Promise<void> {
  await using lab = new Lab();
  const scene = await cure.setUp(lab);
  const settings = scene.settings ?? cure.settings;
  if (settings === undefined) throw new Error(`${cure.id} does not say what is set`);
  const load = new Load(scene);
  const parts = { cure, scene, load, settings };
  try {
    const desk = new Desk(server, scene.target === 'machine' ? 'local:/' : `local:/netns/${scene.target.netns}`, parts);
    try {
      await desk.showsFault();
      const first = await desk.applied();
      expect(await desk.findings()).not.toContain(cure.runbook);
      await desk.undo(first.change);
      await desk.showsFault();
      const { changes } = await desk.ask(v.object({ changes: v.array(LoggedChange) }), 'changes/list', {});
      expect(changes.filter(({ change }) => change === first.change)).toMatchObject([{ outcome: 'kept', standing: 'undone' }]);
    } finally {
      await desk.leave();
    }
    await keepAndUndo(parts);
  } finally {
    await load.stop();
  }
}

/** The same where the fault's namespace is a host of its own: only a host has files that are read at boot. */
async function keepAndUndo(parts: ConstructorParameters<typeof Desk>[2]): Promise<void> {
  const { scene, settings } = parts;
  using host = await hostOf(scene);
  const folder = mkdtempSync(join(tmpdir(), 'droplens-cures-'));
  const own = await startServer(built.file, { runbooks, storage: folder, within: host.within });
  const desk = new Desk(own, 'local:/', parts);
  try {
    await desk.showsFault();
    const { change } = await desk.applied();
    const isBack = await keepOver(own, host, change, settings);
    const { changes } = await desk.ask(v.object({ changes: v.array(LoggedChange) }), 'changes/list', {});
    expect(changes).toMatchObject([{ change, outcome: 'kept', standing: 'in-effect' }]);
    await desk.undo(change);
    isBack();
    await desk.showsFault();
  } finally {
    await desk.leave();
    await own.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.concurrent('a fix, on a host of its own', () => {
  for (const cure of cures.filter(({ alone }) => alone === undefined)) {
    it(cure.title, { timeout: LIMIT_MS }, () => pool.run(() => goTheWholeWay(cure)));
  }
});

describe('a fix of what belongs to the whole machine', () => {
  const machine = cures.filter(({ alone }) => alone !== undefined);
  for (const cure of machine.filter(({ aside }) => aside === true)) it.concurrent(cure.title, { timeout: LIMIT_MS }, () => goTheWholeWay(cure));
  for (const cure of machine.filter(({ aside }) => aside !== true)) it(cure.title, { timeout: LIMIT_MS }, () => goTheWholeWay(cure));
});
