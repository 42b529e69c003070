import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseInvocation } from '../../src/cli/args.js';
import { namespacesText, namespacesWarning } from '../../src/cli/namespaces.js';
import { NamespaceList, type NamespaceInfo } from '../../src/protocol/namespaces.js';
import type { TreeUpdate } from '../../src/protocol/tree.js';
import { startHollow, type Hollow } from '../lab/hollow.js';
import { Lab, type Host } from '../lab/lab.js';
import { bundle, type Bundled } from '../support/bundle.js';
import { startServer, type TestServer } from './client.js';

const runbooks = join(__dirname, '..', '..', 'media', 'runbooks');
const storage = mkdtempSync(join(tmpdir(), 'droplens-storage-'));
const lab = new Lab();
let built: Bundled;
let command: Bundled;
let server: TestServer;
let host: Host;
let hollow: Hollow;

beforeAll(async () => {
  [built, command] = await Promise.all([bundle('server/main.ts', 'server'), bundle('cli/main.ts', 'cli')]);
  server = await startServer(built.file, { runbooks, storage });
  host = await lab.host();
  hollow = await startHollow(host);
});

afterAll(async () => {
  await server.stop();
  await hollow[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
  built.remove();
  command.remove();
  rmSync(storage, { recursive: true, force: true });
});

const ours = ({ namespaces }: NamespaceList): NamespaceInfo | undefined => namespaces.find(({ containers }) => containers.some(({ id }) => id === hollow.id));

describe('namespaces of a host', () => {
  test('are listed by the server with the target that leads there, and its tree says what it is', async () => {
    const list = v.parse(NamespaceList, await server.rpc.sendRequest('droplens/namespaces', { target: 'local:/' }));
    expect(list).toMatchObject({ target: 'local:/', root: true, unread: 0 });
    const target = `local:/container/${hollow.hostname}`;
    expect(ours(list)).toMatchObject({ kind: 'container', name: hollow.hostname, target, pid: hollow.pid, program: 'python3' });
    await server.rpc.sendRequest('droplens/watch', { target, tree: true, intervalMs: 250 });
    const update = await server.until<TreeUpdate>('droplens/tree', (one) => one.target === target && one.changed.some(({ kind }) => kind === 'target'));
    expect(update.changed.find(({ kind }) => kind === 'target')?.label).toBe(`${hollow.hostname} · container on this machine`);
    const shared = await server.until<TreeUpdate>('droplens/tree', (one) => one.target === target && one.changed.some(({ id }) => id === 'group/cpu'));
    expect(shared.changed.find(({ id }) => id === 'group/cpu')?.description).toContain('whole host');
    // From inside one of them, too, what is listed is the host.
    const again = v.parse(NamespaceList, await server.rpc.sendRequest('droplens/namespaces', { target }));
    expect(ours(again)?.target).toBe(target);
    await server.rpc.sendRequest('droplens/disconnect', { target });
  });

  test('are listed by the command line, as JSON and as text', () => {
    const cli = (...args: readonly string[]) => spawnSync(process.execPath, [command.file, 'namespaces', ...args], { encoding: 'utf8' });
    const json = cli('--json');
    expect([json.status, json.stderr]).toEqual([0, '']);
    expect(ours(v.parse(NamespaceList, JSON.parse(json.stdout)))?.containers).toEqual([{ name: hollow.hostname, id: hollow.id, engine: 'docker' }]);
    const text = cli('local:/');
    expect([text.status, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toMatch(new RegExp(`^Containers\\n(  .*\\n)*  ${hollow.hostname} +local:/container/${hollow.hostname}\\n +${hollow.hostname} \\(docker ${hollow.id.slice(0, 12)}\\) · processes: 1, ${hollow.pid} is python3`, 'm'));
  });

  test('a process in the host’s own network is none', async () => {
    const idle = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const list = v.parse(NamespaceList, await server.rpc.sendRequest('droplens/namespaces', { target: 'local:/' }));
    idle.kill('SIGKILL');
    expect(list.namespaces.some(({ pid }) => pid === idle.pid)).toBe(false);
  });
});

describe('the command line', () => {
  test.each([
    [['namespaces'], { kind: 'namespaces', target: { kind: 'local', namespace: { kind: 'host' } }, json: false }],
    [['namespaces', 'ssh://web-1/', '--json'], { kind: 'namespaces', target: { kind: 'ssh', host: 'web-1' }, json: true }],
    [['namespaces', '--root'], { kind: 'wrong' }],
    [['namespaces', '--seconds', '3'], { kind: 'wrong' }],
    [['namespaces', 'recording:///tmp/a.droplens'], { kind: 'wrong' }],
  ])('%j', (argv, expected) => {
    expect(parseInvocation(argv)).toMatchObject(expected);
  });

  test('says what is missing, and obeys nothing that a host wrote', () => {
    const hostile = '\u001b]0;x\u0007\nlocal:/';
    const list: NamespaceList = {
      target: 'local:/', host: hostile, root: false, unread: 7,
      namespaces: [{ target: 'local:/pid/1', kind: 'process', name: hostile, pid: 1, processes: 1, program: hostile, containers: [], podNamespace: null, names: [], interfaces: [hostile] }],
    };
    expect(namespacesText(list)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(namespacesText(list).split('\n')).toHaveLength(4);
    expect(namespacesWarning(list)).toMatch(/Not root on .*: whose network 7 processes/);
    expect(namespacesWarning({ ...list, root: true })).toBeUndefined();
    expect(namespacesText({ ...list, namespaces: [] })).toMatch(/no network namespace but its own\.\n$/);
  });
});
