import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DiagnosisReport } from '../../src/protocol/diagnosis.js';
import { RunbookDocument, RunbookUpdate, RunResult } from '../../src/protocol/runbook.js';
import { TreeUpdate } from '../../src/protocol/tree.js';
import { bundle, type Bundled } from '../support/bundle.js';
import { startServer, type TestServer } from './client.js';

const runbooks = join(__dirname, '..', '..', 'media', 'runbooks');
const storage = mkdtempSync(join(tmpdir(), 'droplens-storage-'));
const target = 'local:/';
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

/** Processes whose parent is the server. */
function children(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return / \w (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/\(.*\)/, ''))?.[1] === String(server.process.pid);
      } catch {
        return false;
      }
    });
}

describe('the server', () => {
  test('says that this machine can be looked at', async () => {
    expect(await server.rpc.sendRequest('droplens/local', {})).toMatchObject({ available: true });
  });

  test('sends the whole tree once, then only what changed', async () => {
    await server.rpc.sendRequest('droplens/watch', { target, tree: true, intervalMs: 250 });
    const layersIn = (update: TreeUpdate): readonly string[] => update.changed.filter((node) => node.kind === 'layer').map((node) => node.id);
    const first = v.parse(TreeUpdate, await server.until<TreeUpdate>('droplens/tree', (update) => layersIn(update).length > 0));
    expect(layersIn(first)).toEqual(
      ['application', 'transport', 'netfilter', 'network', 'neighbour', 'link', 'softnet', 'nic', 'path'].map((layer) => `layer/${layer}`),
    );
    const later = await server.until<TreeUpdate>('droplens/tree', (update) => update.seq >= first.seq + 4);
    expect(later.base).toBe(later.seq - 1);
    expect(later.changed.length).toBeLessThan(first.changed.length / 2);
    const updates = server.received('droplens/tree').map((update) => v.parse(TreeUpdate, update));
    expect(updates.map((update) => update.seq)).toEqual(updates.map((_update, index) => index + 1));
  });

  test('sends everything again when asked', async () => {
    const before = server.received('droplens/tree').length;
    await server.rpc.sendRequest('droplens/tree/refresh', { target });
    const complete = await server.until<TreeUpdate>('droplens/tree', (update) => update.base === null && update.seq > before);
    expect(complete.changed.length).toBeGreaterThan(10);
  });

  test('pauses while nobody looks', async () => {
    await server.rpc.sendRequest('droplens/watch', { target, tree: false, intervalMs: 250 });
    const paused = await server.until<TreeUpdate>('droplens/tree', (update) => update.state.kind === 'paused');
    const answered = server.received('droplens/tree').length;
    await server.rpc.sendRequest('droplens/local', {});
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(server.received('droplens/tree').length).toBeLessThanOrEqual(answered + 1);
    expect(paused.findings).toBe(0);
  });

  test('diagnoses with progress', async () => {
    const report = await ask(DiagnosisReport, 'diagnose', { target, seconds: 1 });
    expect(report).toMatchObject({ target: 'local:/', window: { samples: 2 } });
    expect(report.window.seconds).toBeGreaterThan(0.9);
    expect(server.received('droplens/diagnose/progress').length).toBeGreaterThanOrEqual(2);
  });

  test('a diagnosis can be cancelled', async () => {
    const { CancellationTokenSource } = await import('vscode-languageserver/node');
    const source = new CancellationTokenSource();
    const running = server.rpc.sendRequest('droplens/diagnose', { target, seconds: 60 }, source.token);
    setTimeout(() => source.cancel(), 200);
    await expect(running).rejects.toThrow();
  });
});

describe('runbooks', () => {
  const open = (runbook: string) => ask(RunbookDocument, 'runbook/open', { target, runbook });

  test('the guide has its steps, its commands and no text of a command is needed to run one', async () => {
    const guide = await open('packet-loss');
    expect(guide.steps).toHaveLength(18);
    const command = guide.steps
      .flatMap((step) => step.parts)
      .flatMap((part) => (part.kind === 'command' ? [part.command] : []))
      .find((candidate) => candidate.text.trim().endsWith('ss -lnt') || candidate.id.includes('accept'));
    if (command === undefined) throw new Error('the guide lists listeners');
    const result = await ask(RunResult, 'runbook/run', { target, runbook: guide.id, hash: guide.hash, command: command.id, params: {} });
    expect(result).toMatchObject({ kind: 'done', exit: 0 });
    expect(result.kind === 'done' && result.sentence).not.toBe('');
  });

  test('live state follows while it is visible', async () => {
    await server.rpc.sendRequest('droplens/runbook/watch', { target, runbook: 'packet-loss', visible: true });
    const update = v.parse(
      RunbookUpdate,
      await server.until<RunbookUpdate>('droplens/runbook/state', (state) => state.runbook === 'packet-loss' && state.steps.length === 18),
    );
    const bandwidth = update.steps.find((step) => step.step === 'bandwidth');
    expect(bandwidth?.tables[0]?.rows.map((row) => row.key)).toContain('lo');
    await server.rpc.sendRequest('droplens/runbook/watch', { target, runbook: 'packet-loss', visible: false });
  });

  test('refuses what was not shown: another version, an unknown id, an unknown runbook', async () => {
    const { hash } = await open('packet-loss');
    const run = (params: object) => ask(RunResult, 'runbook/run', { target, runbook: 'packet-loss', hash, command: 'x', params: {}, ...params });
    expect(await run({ hash: 'old' })).toMatchObject({ kind: 'refused' });
    for (const command of ['constructor', '__proto__', 'rm -rf /', '']) expect(await run({ command })).toMatchObject({ kind: 'refused' });
    expect(await run({ runbook: '../../etc/passwd' })).toMatchObject({ kind: 'refused' });
    await expect(server.rpc.sendRequest('droplens/runbook/open', { target, runbook: 'constructor' })).rejects.toThrow(/no runbook/);
  });

  test('parameters are checked, declared ones only, and travel quoted', async () => {
    const guide = await open('packet-loss');
    const withInterface = guide.steps
      .flatMap((step) => step.parts)
      .flatMap((part) => (part.kind === 'command' ? [part.command] : []))
      .find((command) => command.params.length === 1 && command.params[0]?.name === 'INTERFACE');
    if (withInterface === undefined) throw new Error('the guide asks for an interface somewhere');
    const text = (params: Record<string, string>) =>
      server.rpc.sendRequest('droplens/runbook/text', { target, runbook: guide.id, hash: guide.hash, command: withInterface.id, params });
    expect(await text({})).toMatchObject({ kind: 'refused' });
    expect(await text({ INTERFACE: '-rf' })).toMatchObject({ kind: 'refused' });
    expect(await text({ INTERFACE: 'a b' })).toMatchObject({ kind: 'refused' });
    expect(await text({ INTERFACE: 'eth0', PATH: '/tmp' })).toMatchObject({ kind: 'refused' });
    const hostile = (await text({ INTERFACE: '$(reboot)' })) as { kind: string; text: string; line: string };
    expect(hostile.text).toContain("INTERFACE='$(reboot)'");
    expect(hostile.line).not.toMatch(/[\n\r]/);
  });

  test('a request of another shape is refused, not guessed at', async () => {
    await expect(server.rpc.sendRequest('droplens/diagnose', { target: 5 })).rejects.toThrow(/another shape/);
    await expect(server.rpc.sendRequest('droplens/watch', { target: 'ftp://x', tree: true, intervalMs: 1 })).rejects.toThrow(/not a target/);
  });
});

test('people who write runbooks see their mistakes in place', async () => {
  const text = '---\nkind: cause\nid: x\ntitle: x\nlayer: nowhere\ndirection: rx\nstep: s\nloss: nope > 1\nsummary: s\n---\n';
  await server.rpc.sendNotification('textDocument/didOpen', { textDocument: { uri: 'file:///x.runbook.md', languageId: 'markdown', version: 1, text } });
  const { diagnostics } = await server.until<{ uri: string; diagnostics: { message: string; range: { start: { line: number; character: number } } }[] }>(
    'textDocument/publishDiagnostics',
    (params) => params.uri === 'file:///x.runbook.md',
  );
  expect(diagnostics.map((entry) => [entry.range.start, entry.message.split('.')[0]])).toEqual([
    [{ line: 4, character: 7 }, '"nowhere" is not one of application, transport, netfilter, network, neighbour, link, softnet, nic, path'],
    [{ line: 7, character: 6 }, 'Unknown variable: nope'],
  ]);
});

test('mistakes in a fix are shown in their place, too', async () => {
  const head = ['---', 'kind: cause', 'id: x', 'title: x', 'layer: link', 'direction: rx', 'step: s', 'loss: delta.Ip.OutDiscards > 1', 'summary: s', 'fixes:'];
  const fix = ['  - id: f', '    title: F', '    set: registry x', '    value: "1 +"', '    risk: harmless', '    effect: e', '    watch: [Ip.Nothing]', '---', ''];
  const uri = 'file:///fix.runbook.md';
  await server.rpc.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'markdown', version: 1, text: [...head, ...fix].join('\n') } });
  const { diagnostics } = await server.until<{ uri: string; diagnostics: { message: string; range: { start: { line: number; character: number } } }[] }>(
    'textDocument/publishDiagnostics',
    (params) => params.uri === uri,
  );
  expect(diagnostics.map(({ range, message }) => [range.start.line, message.slice(0, 31)])).toEqual([
    [12, 'Not the address of a setting; t'],
    [13, expect.stringContaining('Unexpected')],
    [14, '"harmless" is not one of change'],
    [16, 'No counter of a host is called '],
  ]);
});

test('a target that is closed leaves no process behind', async () => {
  await server.rpc.sendRequest('droplens/connect', { target, interactive: false });
  expect(children().length).toBeGreaterThan(0);
  await server.rpc.sendRequest('droplens/disconnect', { target });
  expect(children()).toEqual([]);
});
