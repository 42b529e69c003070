import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isInstalled } from '../../scripts/lib/install.mjs';
import { processesWithEnv, run } from '../../scripts/lib/processes.mjs';

const node = process.execPath;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'droplens-scripts-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('a program gives its exit status and the output of both streams', async () => {
  const script = `console.log('out'); console.error('err'); process.exitCode = 3;`;
  const { code, output, timedOut } = await run([node, '-e', script]);
  expect({ code, timedOut }).toEqual({ code: 3, timedOut: false });
  expect(output.split('\n').sort()).toEqual(['', 'err', 'out']);
});

test('a program that is not there is said so', async () => {
  const { code, output } = await run([join(folder, 'none')]);
  expect(code).toBeNull();
  expect(output).toContain('ENOENT');
});

test('a limit ends a program that hangs, with the children that it has started', async () => {
  const mark = `DROPLENS_TEST_MARK=${folder}`;
  const hang = `setInterval(() => {}, 1000)`;
  const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(hang)}], { stdio: 'inherit' }); ${hang}`;
  const env = { ...process.env, DROPLENS_TEST_MARK: folder };
  const ended = run([node, '-e', script], { env, limit: 1 });
  await expect.poll(() => processesWithEnv(mark).length, { timeout: 10_000 }).toBe(2);
  expect(await ended).toMatchObject({ code: null, timedOut: true });
  await expect.poll(() => processesWithEnv(mark)).toEqual([]);
});

test('processes are found by their environment and command line', async () => {
  const stop = new AbortController();
  const env = { ...process.env, DROPLENS_TEST_MARK: folder };
  const ended = run([node, '-e', 'setInterval(() => {}, 1000)', 'needle'], { env, signal: stop.signal });
  const find = (part?: string): number[] => processesWithEnv(`DROPLENS_TEST_MARK=${folder}`, part);
  await expect.poll(() => find('needle').length, { timeout: 10_000 }).toBe(1);
  expect(find('haystack')).toEqual([]);
  stop.abort();
  await ended;
  expect(find()).toEqual([]);
});

test('packages are installed when every one has the version of the lockfile', () => {
  const lock = (packages: object): string => JSON.stringify({ packages });
  const wanted = { '': { version: '1.0.0' }, 'node_modules/a': { version: '1.2.3' }, 'node_modules/b': { version: '1.0.0', optional: true } };
  writeFileSync(join(folder, 'package-lock.json'), lock(wanted));
  expect(isInstalled(folder)).toBe(false);
  mkdirSync(join(folder, 'node_modules'));
  const hidden = join(folder, 'node_modules', '.package-lock.json');
  writeFileSync(hidden, lock({ 'node_modules/a': { version: '1.2.2' } }));
  expect(isInstalled(folder)).toBe(false);
  writeFileSync(hidden, lock({ 'node_modules/a': { version: '1.2.3' } }));
  expect(isInstalled(folder)).toBe(true);
});
