import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { localTransport } from '../../src/collect/local.js';
import { english } from '../../src/core/message.js';
import type { OpenedTarget } from '../../src/engine/open.js';
import type { ChangeState } from '../../src/protocol/change.js';
import { ChangeLog, type Entry } from '../../src/server/changes/log.js';
import { Unheard } from '../../src/server/changes/unheard.js';

const TARGET = 'local:/';
/** Read and never changed here. */
const PATH = 'net/ipv4/ip_default_ttl';
const TTL = readFileSync(`/proc/sys/${PATH}`, 'utf8').trim();
const NOW = 1_000_000;

let storage: string;
let log: ChangeLog;
let told: ChangeState[];
let underWay: string | undefined;
let unheard: Unheard;
const opened = { uri: TARGET, transport: localTransport(), entry: { prefix: [] } } as unknown as OpenedTarget;

beforeEach(() => {
  storage = mkdtempSync(join(tmpdir(), 'droplens-unheard-'));
  log = new ChangeLog(storage);
  told = [];
  underWay = undefined;
  unheard = new Unheard({ log, translate: english, isUnderWay: (id) => id === underWay, tell: (state) => told.push(state), now: () => NOW });
});
afterEach(() => {
  unheard.dispose();
  vi.useRealTimers();
  rmSync(storage, { recursive: true, force: true });
});

const entry = (id: string, before: string, after: string, more: Partial<Entry> = {}): Entry => ({
  id: id.repeat(32), at: NOW - 100_000, target: TARGET, host: 'h', bootId: 'b', title: 't', runbook: 'r', fix: 'f',
  steps: [{ setting: { kind: 'sysctl', path: PATH, index: null }, name: 'ttl', before: { value: before, state: before }, after }],
  outcome: 'unheard', proof: null, persisted: [], undoneAt: null, overBy: NOW - 1, ...more,
});
const outcomes = async (): Promise<string[]> => (await log.of(TARGET)).map(({ outcome }) => outcome);

it('tells by the settings how a change ended whose end nobody heard, once the host’s time is over', async () => {
  await log.put(entry('a', TTL, '1'));
  await log.put(entry('b', '1', TTL));
  await log.put(entry('c', '1', '2'));
  await unheard.connected(opened);
  // What somebody else has set since says nothing of the end.
  expect(await outcomes()).toEqual(['late', 'kept', 'unheard']);
  expect(told.map(({ change, phase }) => [change[0], phase.kind === 'over' && phase.outcome])).toEqual([['a', 'late'], ['b', 'kept']]);
});

it('leaves alone what is under way, what was undone, and what is known', async () => {
  underWay = 'a'.repeat(32);
  await log.put(entry('a', TTL, '1'));
  await log.put(entry('b', TTL, '1', { undoneAt: NOW }));
  await log.put(entry('c', '1', TTL, { outcome: 'kept' }));
  await unheard.connected(opened);
  expect(await outcomes()).toEqual(['unheard', 'unheard', 'kept']);
  expect(told).toEqual([]);
});

it('waits for the host’s time, says so, and looks then', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await log.put(entry('a', TTL, '1', { overBy: NOW + 20_000 }));
  await unheard.connected(opened);
  expect(told.map(({ phase }) => phase)).toEqual([
    { kind: 'over', outcome: 'unheard', text: expect.stringContaining('The host undoes it by itself; that is looked at in 20 s.') as string },
  ]);
  expect(await outcomes()).toEqual(['unheard']);
  expect(vi.getTimerCount()).toBe(1);
  unheard.dispose();
  expect(vi.getTimerCount()).toBe(0);
});

it('leaves what cannot be read for the next connection', async () => {
  await log.put(entry('a', TTL, '1', { steps: [{ setting: { kind: 'sysctl', path: 'net/ipv4/there_is_none', index: null }, name: 'x', before: { value: '1', state: '1' }, after: '2' }] }));
  await unheard.connected(opened);
  expect(await outcomes()).toEqual(['unheard']);
  expect(told).toEqual([]);
});
