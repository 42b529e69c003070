import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChangeState, LoggedChange, PlanResult, UndoneChange } from '../../src/protocol/change.js';
import { DiagnosisReport } from '../../src/protocol/diagnosis.js';
import { RunbookDocument } from '../../src/protocol/runbook.js';
import { startServer, type TestServer } from '../server/client.js';
import { bundle, type Bundled } from '../support/bundle.js';
import type { Cure, CureScene } from './cure.js';
import { Lab } from './lab.js';

const runbooks = join(__dirname, '..', '..', 'media', 'runbooks');
const storage = mkdtempSync(join(tmpdir(), 'droplens-cures-'));
let built: Bundled;
let server: TestServer;

beforeAll(async () => {
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

const files = readdirSync(join(__dirname, 'cures')).filter((name) => name.endsWith('.ts'));
const cures = await Promise.all(files.map(async (name) => ((await import(`./cures/${name}`)) as { default: Cure }).default));

/** Load without an end, until it is stopped. */
function keepLoading(scene: CureScene): { stop(): Promise<void> } {
  let on = true;
  const work = (async () => {
    while (on) await scene.load();
  })();
  return {
    async stop() {
      on = false;
      await work;
    },
  };
}

describe('a fix', () => {
  it.each(cures.map((cure) => [cure.title, cure] as const))('%s', async (_title, cure) => {
    await using lab = new Lab();
    const scene = await cure.setUp(lab);
    const target = scene.target === 'machine' ? 'local:/' : `local:/netns/${scene.target.netns}`;
    const { hash } = await ask(RunbookDocument, 'runbook/open', { target, runbook: cure.runbook });
    const fix = { target, runbook: cure.runbook, hash, fix: cure.fix, row: scene.row ?? null, values: scene.values ?? {} };
    const load = keepLoading(scene);
    const findings = async (): Promise<string[]> => {
      const report = await ask(DiagnosisReport, 'diagnose', { target, seconds: 3 });
      return report.findings.filter(({ severity }) => severity === 'loss' || severity === 'risk').map(({ cause }) => cause);
    };
    const applied = async (): Promise<ChangeState> => {
      const planned = await ask(PlanResult, 'fix/plan', fix);
      expect(planned).toMatchObject({ kind: 'plan', plan: { steps: [{ ...cure.setting }] } });
      if (planned.kind !== 'plan') throw new Error(planned.why);
      const begun = await ask(v.object({ kind: v.literal('begun'), change: v.string() }), 'fix/apply', { target, plan: planned.plan.plan, seconds: 60 });
      const of = (state: ChangeState): boolean => state.change === begun.change;
      if (scene.restart !== undefined) {
        await server.until<ChangeState>('droplens/change', (state) => of(state) && state.phase.kind === 'trial', 30);
        await scene.restart();
        await server.until<ChangeState>('droplens/change', (state) => of(state) && state.phase.kind === 'trial' && !state.phase.measuring && state.proof !== null, 30);
        await server.rpc.sendRequest('droplens/fix/decide', { target, change: begun.change, decision: 'measure' });
      }
      const state = await server.until<ChangeState>('droplens/change', (one) => of(one) && (one.phase.kind === 'over' || one.proof?.verdict === 'stopped'), 60);
      expect(state.proof?.verdict, JSON.stringify(state)).toBe('stopped');
      expect(await server.rpc.sendRequest('droplens/fix/decide', { target, change: begun.change, decision: 'keep' })).toMatchObject({ kind: 'done' });
      return server.until<ChangeState>('droplens/change', (one) => of(one) && one.phase.kind === 'over');
    };
    try {
      expect(await findings()).toContain(cure.runbook);
      const first = await applied();
      expect(first.phase).toMatchObject({ kind: 'over', outcome: 'kept' });
      expect(await findings()).not.toContain(cure.runbook);
      const undone = await ask(v.object({ results: v.array(UndoneChange) }), 'changes/undo', { target, changes: [first.change], force: false });
      expect(undone.results).toMatchObject([{ change: first.change, result: 'undone' }]);
      expect(await findings()).toContain(cure.runbook);
      const second = await applied();
      expect(second.phase).toMatchObject({ kind: 'over', outcome: 'kept' });
      const { changes } = await ask(v.object({ changes: v.array(LoggedChange) }), 'changes/list', { target });
      expect(changes).toMatchObject([
        { change: second.change, outcome: 'kept', standing: 'in-effect' },
        { change: first.change, outcome: 'kept', standing: 'undone' },
      ]);
    } finally {
      await load.stop();
      await server.rpc.sendRequest('droplens/disconnect', { target });
    }
  });
});
