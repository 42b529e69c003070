import { fork, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bundle, type Bundled } from '../support/bundle.js';

const folder = mkdtempSync(join(tmpdir(), 'droplens-orphans-'));
let built: Bundled;

beforeAll(async () => {
  built = await bundle('server/main.ts', 'server');
});
afterAll(() => {
  built.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** An editor in a process of its own: starts the server over this transport and connects to this machine. */
const EDITOR = `
const { fork, spawn } = require('node:child_process');
const [file, transport, options] = process.argv.slice(2);
const messages = [
  { jsonrpc: '2.0', id: 1, method: 'initialize', params: { processId: process.pid, rootUri: null, capabilities: {}, initializationOptions: JSON.parse(options) } },
  { jsonrpc: '2.0', method: 'initialized', params: {} },
  { jsonrpc: '2.0', id: 2, method: 'droplens/watch', params: { target: 'local:/', tree: true, intervalMs: 1000 } },
];
const [initialize, ...rest] = messages;
let server, send;
const ready = () => { for (const message of rest) send(message); };
if (transport === 'ipc') {
  server = fork(file, ['--node-ipc'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  send = (message) => server.send(message);
  server.once('message', ready);
} else {
  server = spawn(process.execPath, [file, '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  server.stdout.once('data', ready);
  server.stdout.resume();
  send = (message) => { const text = JSON.stringify(message); server.stdin.write('Content-Length: ' + Buffer.byteLength(text) + '\\r\\n\\r\\n' + text); };
}
send(initialize);
process.send({ server: server.pid });
`;

const children = (of: number): number[] =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
      return fields[1] === String(of) && fields[0] !== 'Z' ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
/** Whether a process runs; one that has ended and was not yet collected does not. */
const runs = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));

async function started(editor: ChildProcess): Promise<{ server: number; probe: number }> {
  const { server } = await new Promise<{ server: number }>((resolve) => editor.once('message', (message) => resolve(message as { server: number })));
  const probe = await vi.waitFor(
    () => {
      const [first] = children(server);
      if (first === undefined) throw new Error('the probe does not run yet');
      return first;
    },
    { timeout: 15_000, interval: 50 },
  );
  return { server, probe };
}

test.each(['ipc', 'stdio'])('an editor that is killed leaves neither the server nor the probe (%s)', async (transport) => {
  const script = join(folder, `${transport}.cjs`);
  writeFileSync(script, EDITOR);
  const options = { protocol: 1, l10n: null, runbooks: join(__dirname, '..', '..', 'media', 'runbooks'), storage: folder };
  const editor = fork(script, [built.file, transport, JSON.stringify(options)]);
  const { server, probe } = await started(editor);
  expect([runs(server), runs(probe)]).toEqual([true, true]);
  const killed = Date.now();
  editor.kill('SIGKILL');
  await vi.waitFor(() => expect([runs(server), runs(probe)]).toEqual([false, false]), { timeout: 10_000, interval: 50 });
  expect(Date.now() - killed).toBeLessThan(2_000);
});

test('a server that is killed leaves no probe', async () => {
  const server = spawn(process.execPath, [built.file, '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  server.stdout.resume();
  const send = (message: object): void => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  const initializationOptions = { protocol: 1, l10n: null, runbooks: join(__dirname, '..', '..', 'media', 'runbooks'), storage: folder };
  send({ id: 1, method: 'initialize', params: { processId: process.pid, rootUri: null, capabilities: {}, initializationOptions } });
  await new Promise((resolve) => server.stdout.once('data', resolve));
  send({ method: 'initialized', params: {} });
  send({ id: 2, method: 'droplens/watch', params: { target: 'local:/', tree: true, intervalMs: 1000 } });
  const probe = await vi.waitFor(
    () => {
      const [first] = children(server.pid ?? -1);
      if (first === undefined) throw new Error('the probe does not run yet');
      return first;
    },
    { timeout: 15_000, interval: 50 },
  );
  server.kill('SIGKILL');
  await vi.waitFor(() => expect(runs(probe)).toBe(false), { timeout: 10_000, interval: 50 });
});
