import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DiagnosisReport } from '../../src/protocol/diagnosis.js';
import { RunbookDocument, RunResult } from '../../src/protocol/runbook.js';
import type { TreeUpdate } from '../../src/protocol/tree.js';
import { bundle, type Bundled } from '../support/bundle.js';
import { startServer, type TestServer } from './client.js';

const runbooks = join(__dirname, '..', '..', 'media', 'runbooks');
const folder = mkdtempSync(join(tmpdir(), 'droplens-storage-'));
const host = 'local:/';
const [file, redacted] = [join(folder, 'host.droplens'), join(folder, 'redacted.droplens')];
let built: Bundled;
let server: TestServer;

beforeAll(async () => {
  built = await bundle('server/main.ts', 'server');
  server = await startServer(built.file, { runbooks, storage: folder });
});

afterAll(async () => {
  await server.stop();
  built.remove();
  rmSync(folder, { recursive: true, force: true });
});

const ask = async <S extends v.GenericSchema>(schema: S, method: string, params: unknown): Promise<v.InferOutput<S>> =>
  v.parse(schema, await server.rpc.sendRequest(`droplens/${method}`, params));
const open = async (path: string): Promise<string> => (await ask(v.object({ target: v.string() }), 'recording/open', { path })).target;
const verdictOf = ({ verdict, window, findings }: DiagnosisReport): unknown => ({ verdict, window, findings });

test('a host that was diagnosed is recorded, and its recording is a target on which everything works without it', async () => {
  await expect(ask(v.unknown(), 'recording/report', { target: host, redact: false, timeZone: 'UTC' })).rejects.toThrow(/Nothing was seen|nothing to record/);
  const guide = await ask(RunbookDocument, 'runbook/open', { target: host, runbook: 'packet-loss' });
  const command = guide.steps.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'command' && part.command.risk === 'read-only' && part.command.params.length === 0 ? [part.command] : [])))[0];
  const given = await ask(DiagnosisReport, 'diagnose', { target: host, seconds: 1 });
  const run = (target: string): Promise<RunResult> => ask(RunResult, 'runbook/run', { target, runbook: 'packet-loss', hash: guide.hash, command: command?.id, params: {} });
  const ran = await run(host);
  await ask(v.unknown(), 'recording/save', { target: host, path: file, redact: false });
  await ask(v.unknown(), 'recording/save', { target: host, path: redacted, redact: true });
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const target = await open(file);
  expect(target).toBe(`recording://${file}`);
  const connected = await ask(v.object({ name: v.string(), recorded: v.number() }), 'connect', { target, interactive: true });
  expect(connected.name).toBe(given.host.name);
  expect(Math.abs(connected.recorded - Date.now())).toBeLessThan(60_000);

  const began = performance.now();
  const again = await ask(DiagnosisReport, 'diagnose', { target, seconds: 60, root: true });
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(verdictOf(again)).toEqual(verdictOf(given));
  expect(again.notChecked).toEqual(given.notChecked);

  expect(await run(target)).toEqual(ran);
  const other = guide.steps.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'command' && part.command.params.length === 0 && part.command.id !== command?.id ? [part.command.id] : [])))[0];
  expect(await ask(RunResult, 'runbook/run', { target, runbook: 'packet-loss', hash: guide.hash, command: other, params: {} })).toMatchObject({ kind: 'refused' });
  await expect(ask(v.unknown(), 'terminal/command', { target })).rejects.toThrow(/recording/);

  const { markdown } = await ask(v.object({ markdown: v.string() }), 'recording/report', { target, redact: false, timeZone: 'Europe/Berlin' });
  expect(markdown).toContain('Europe/Berlin');
  expect(markdown).toContain(`\`${command?.id ?? ''}\``);
});

test('the tree of a recording says whose it is, and when it was made', async () => {
  const target = await open(file);
  await ask(v.unknown(), 'watch', { target, tree: true, intervalMs: 250 });
  const update = await server.until<TreeUpdate>('droplens/tree', (tree) => tree.target === target && tree.changed.some(({ kind, label }) => kind === 'target' && / recorded \d{4}-\d\d-\d\d \d\d:\d\d$/.test(label)));
  expect(update.changed.length).toBeGreaterThan(10);
  await ask(v.unknown(), 'disconnect', { target });
});

test('a redacted one names neither the host nor its addresses, and gives the same verdict', async () => {
  const [plain, without] = [await open(file), await open(redacted)];
  const [first, second] = [await ask(DiagnosisReport, 'diagnose', { target: plain, seconds: 1 }), await ask(DiagnosisReport, 'diagnose', { target: without, seconds: 1 })];
  expect(second.verdict).toBe(first.verdict);
  expect(second.findings.map(({ cause, severity, rate }) => [cause, severity, rate]).toSorted()).toEqual(first.findings.map(({ cause, severity, rate }) => [cause, severity, rate]).toSorted());
  expect(second.host.name).not.toBe(first.host.name);
});

test('what is no recording, or a damaged one, is refused with a reason', async () => {
  const path = join(folder, 'bad.droplens');
  writeFileSync(path, readFileSync(file).subarray(0, 5_000));
  await expect(open(path)).rejects.toThrow(/was cut off in line \d+/);
  writeFileSync(path, 'hello');
  await expect(open(path)).rejects.toThrow(/not a recording/);
  await expect(open('bad.droplens')).rejects.toThrow(/not the whole path/);
  await expect(ask(v.unknown(), 'connect', { target: `recording://${path}`, interactive: true })).rejects.toThrow(/not a recording/);
});
