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
import type { Cure, CureScene } from './cure.js';
import { Lab, whyNot } from './lab.js';
import { Pool } from './pool.js';

const runbooks = join(__dirname, '..', '..', 'media', 'runbooks');
const storage = mkdtempSync(join(tmpdir(), 'droplens-cures-'));
let built: Bundled;
let server: TestServer;

/** Most of a cure is waiting for counters. */
const pool = new Pool(5);
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

const ask = async <S extends v.GenericSchema>(schema: S, method: string, params: unknown): Promise<v.InferOutput<S>> =>
  v.parse(schema, await server.rpc.sendRequest(`droplens/${method}`, params));

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

/** From the fault to the proof and back, and to the proof once more. */
async function goTheWholeWay(cure: Cure): Promise<void> {
  await using lab = new Lab();
  const scene = await cure.setUp(lab);
  const target = scene.target === 'machine' ? 'local:/' : `local:/netns/${scene.target.netns}`;
  const settings = scene.settings ?? cure.settings;
  if (settings === undefined) throw new Error(`${cure.id} does not say what is set`);
  const { hash } = await ask(RunbookDocument, 'runbook/open', { target, runbook: cure.runbook });
  const load = new Load(scene);
  let trial: string | undefined;
  const findings = async (): Promise<string[]> => {
    const report = await ask(DiagnosisReport, 'diagnose', { target, seconds: 3 });
    return report.findings.filter(({ severity }) => severity === 'loss' || severity === 'risk').map(({ cause }) => cause);
  };
  const decide = (change: string, decision: string): Promise<unknown> => server.rpc.sendRequest('droplens/fix/decide', { target, change, decision });
  const applied = async (): Promise<ChangeState> => {
    const fix = { target, runbook: cure.runbook, hash, fix: cure.fix, row: scene.row?.() ?? null, values: scene.values ?? {} };
    const planned = await ask(PlanResult, 'fix/plan', fix);
    if (planned.kind !== 'plan') throw new Error(planned.why);
    expect(planned.plan.steps).toMatchObject(settings);
    const { change } = await ask(Begun, 'fix/apply', { target, plan: planned.plan.plan, seconds: 120 });
    trial = change;
    const until = (fits: (state: ChangeState) => boolean, seconds: number): Promise<ChangeState> =>
      server.until<ChangeState>('droplens/change', (state) => state.change === change && (fits(state) || state.phase.kind === 'over'), seconds);
    if (scene.restart !== undefined) {
      await until(({ phase }) => phase.kind === 'trial', 40);
      await load.between(scene.restart);
      await until(({ phase, proof }) => phase.kind === 'trial' && !phase.measuring && proof !== null, 40);
      await decide(change, 'measure');
    }
    const state = await until(({ phase, proof }) => phase.kind === 'trial' && !phase.measuring && proof?.verdict === 'stopped', 60).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify((server.received('droplens/change') as readonly ChangeState[]).findLast((one) => one.change === change))}`);
    });
    if (process.env['DROPLENS_LAB_SHOW'] === '1') process.stdout.write(`${cure.id}: ${state.proof?.sentence ?? JSON.stringify(state.phase)}\n`);
    expect(state.proof?.verdict, JSON.stringify(state)).toBe('stopped');
    expect(await decide(change, 'keep')).toMatchObject({ kind: 'done' });
    trial = undefined;
    return until(({ phase }) => phase.kind === 'over', 20);
  };
  try {
    expect(await findings()).toContain(cure.runbook);
    const first = await applied();
    expect(first.phase).toMatchObject({ kind: 'over', outcome: 'kept' });
    expect(await findings()).not.toContain(cure.runbook);
    const undone = await ask(v.object({ results: v.array(UndoneChange) }), 'changes/undo', { target, changes: [first.change], force: false });
    expect(undone.results).toMatchObject([{ change: first.change, result: 'undone' }]);
    await load.between(scene.restart);
    expect(await findings()).toContain(cure.runbook);
    const second = await applied();
    expect(second.phase).toMatchObject({ kind: 'over', outcome: 'kept' });
    const { changes } = await ask(v.object({ changes: v.array(LoggedChange) }), 'changes/list', { target });
    expect(changes.filter(({ change }) => change === first.change || change === second.change)).toMatchObject([
      { change: second.change, outcome: 'kept', standing: 'in-effect' },
      { change: first.change, outcome: 'kept', standing: 'undone' },
    ]);
  } finally {
    // What was left on trial must not stand in the way of the next.
    if (trial !== undefined) await decide(trial, 'undo');
    await load.stop();
    await server.rpc.sendRequest('droplens/disconnect', { target });
  }
}

describe.concurrent('a fix, on a host of its own', () => {
  for (const cure of cures.filter(({ alone }) => alone === undefined)) {
    it(cure.title, { timeout: LIMIT_MS }, () => pool.run(() => goTheWholeWay(cure)));
  }
});

describe('a fix of what belongs to the whole machine, one at a time', () => {
  for (const cure of cures.filter(({ alone }) => alone !== undefined)) it(cure.title, { timeout: LIMIT_MS }, () => goTheWholeWay(cure));
});
