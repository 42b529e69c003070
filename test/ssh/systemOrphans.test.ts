import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { bundle, type Bundled } from '../support/bundle.js';
import type { TestSshd } from './sshd.js';
import { makeRuntimeFolder, running, runs, startSystemSshd, type RuntimeFolder } from './systemSupport.js';

let sshd: TestSshd;
let runtime: RuntimeFolder;
let built: Bundled;
beforeAll(async () => {
  [sshd, runtime, built] = await Promise.all([startSystemSshd(), makeRuntimeFolder(), bundle('../test/ssh/systemChild.ts', 'child')]);
});
afterAll(async () => {
  built.remove();
  await runtime.remove();
  await sshd.stop();
});

const start = (host: string): ChildProcess => fork(built.file, [sshd.home, host, runtime.path, join(sshd.folder, 'hostkeys.json')]);
const childrenOf = (pid: number | undefined): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter((word) => word !== '').map(Number);
const nothingLeft = async (): Promise<void> => {
  await vi.waitFor(
    async () => {
      expect(running(runtime.path)).toEqual([]);
      expect(runtime.left()).toEqual([]);
      expect(await sshd.connections()).toEqual([]);
    },
    { timeout: 5_000, interval: 50 },
  );
};

it('leaves nothing here or on the host when our process is killed', async () => {
  const child = start(sshd.alias);
  const remote = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
  expect(runs(remote)).toBe(true);
  expect(running(runtime.path).length).toBeGreaterThanOrEqual(2);
  expect(runtime.left()).toHaveLength(1);
  child.kill('SIGKILL');
  await nothingLeft();
  await vi.waitFor(() => expect(runs(remote)).toBe(false), { timeout: 5_000 });
});

it('leaves nothing when its keeper is killed with it', async () => {
  const child = start(sshd.alias);
  await new Promise((resolve) => child.once('message', resolve));
  const [keeper] = childrenOf(child.pid);
  if (keeper === undefined) throw new Error('no keeper');
  process.kill(keeper, 'SIGKILL');
  child.kill('SIGKILL');
  await nothingLeft();
});

it('leaves nothing when it is killed while a question is open', async () => {
  const known = await readFile(sshd.knownHosts, 'utf8');
  await writeFile(sshd.knownHosts, '');
  await rm(join(sshd.folder, 'hostkeys.json'), { force: true });
  const child = start(sshd.alias);
  expect(await new Promise((resolve) => child.once('message', resolve))).toBe('asked');
  const helper = `host-key [127.0.0.1]:${sshd.port}`;
  expect(running(helper)).toHaveLength(1);
  child.kill('SIGKILL');
  await nothingLeft();
  await vi.waitFor(() => expect(running(helper)).toEqual([]), { timeout: 5_000 });
  await writeFile(sshd.knownHosts, known);
});
