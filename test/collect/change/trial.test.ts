import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decideTrial, startTrial, type TrialRequest } from '../../../src/collect/change/trial.js';
import { starterProgram } from '../../../src/collect/change/program.js';
import { localTransport } from '../../../src/collect/local.js';
import type { Transport } from '../../../src/collect/transport.js';
import type { Act } from '../../../src/core/fix/types.js';

/** Processes of a trial that are left. */
function left(nonce: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(nonce);
    } catch {
      return false;
    }
  });
}

/** Where control groups are mounted: version 2, or systemd's hierarchy of version 1. */
function cgroupRoot(): string {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n').map((line) => line.split(' '));
  const root = mounts.find(([, , type]) => type === 'cgroup2') ?? mounts.find(([, , type, options]) => type === 'cgroup' && options?.includes('name=systemd'));
  if (root?.[1] === undefined) throw new Error('this test needs a mounted control group hierarchy (cgroup2, or name=systemd)');
  return root[1];
}

/** The process says how it ended just before it does. */
const nothingLeft = (nonce: string): Promise<void> => vi.waitFor(() => expect(left(nonce)).toEqual([]));

describe('a change under a dead man’s switch', () => {
  let folder: string;
  let file: string;
  const transport = localTransport();
  const write = (text: string): Act => ({ kind: 'write', path: file, text });
  const value = (): string => readFileSync(file, 'utf8').trim();
  const request = (over: Partial<TrialRequest> = {}): TrialRequest => ({
    apply: [write('new')],
    undo: [write('old')],
    seconds: 30,
    prefix: [],
    host: 'here',
    ...over,
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'droplens-trial-'));
    file = join(folder, "it's a $(setting)");
    writeFileSync(file, 'old\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is kept when it is told so, and leaves nothing behind', async () => {
    const trial = await startTrial(transport, request());
    expect(await trial.applied).toEqual({ kind: 'applied', said: '' });
    expect(value()).toBe('new');
    expect(await decideTrial(transport, trial.nonce, 'keep')).toBe('told');
    expect(await trial.ended).toBe('kept');
    expect(value()).toBe('new');
    await nothingLeft(trial.nonce);
    expect(await decideTrial(transport, trial.nonce, 'undo')).toBe('gone');
  });

  it('is undone when it is told so', async () => {
    const trial = await startTrial(transport, request());
    await trial.applied;
    expect(await decideTrial(transport, trial.nonce, 'undo')).toBe('told');
    expect(await trial.ended).toBe('undone');
    expect(value()).toBe('old');
    await nothingLeft(trial.nonce);
  });

  it('is undone by the host when nobody confirms', async () => {
    const trial = await startTrial(transport, request({ seconds: 1 }));
    expect((await trial.applied).kind).toBe('applied');
    expect(await trial.ended).toBe('late');
    expect(value()).toBe('old');
    await nothingLeft(trial.nonce);
  });

  it('is undone by the host, too, when everything that was started here is ended in good order', async () => {
    const own = localTransport();
    const trial = await startTrial(own, request({ seconds: 2 }));
    await trial.applied;
    await own.dispose();
    expect(value()).toBe('new');
    await vi.waitFor(() => expect(value()).toBe('old'), { timeout: 5_000 });
    await nothingLeft(trial.nonce);
  });

  it('is undone, and says what was said, when a part of it fails', async () => {
    const trial = await startTrial(transport, request({ apply: [write('new'), { kind: 'run', argv: ['cat', '/nowhere/at/all'] }, write('newer')] }));
    const applied = await trial.applied;
    expect(applied.kind).toBe('failed');
    expect(applied.kind === 'failed' && applied.said).toMatch(/\/nowhere\/at\/all: No such file/);
    expect(await trial.ended).toBe('undone');
    expect(value()).toBe('old');
    await nothingLeft(trial.nonce);
  });

  it('is undone at the deadline when a part of it hangs, and that part changes nothing afterwards', async () => {
    const trial = await startTrial(transport, request({ seconds: 1, apply: [write('new'), { kind: 'run', argv: ['sleep', '4'] }, write('newer')] }));
    expect((await trial.applied).kind).toBe('failed');
    expect(await trial.ended).toBe('undone');
    expect(value()).toBe('old');
    await nothingLeft(trial.nonce);
    await sleep(3_500);
    expect(value()).toBe('old');
  });

  it('tries every part of the undoing, and says when one cannot be done', async () => {
    const undo = [{ kind: 'run', argv: ['false'] } as const, write('old')];
    const trial = await startTrial(transport, request({ undo }));
    await trial.applied;
    expect(await decideTrial(transport, trial.nonce, 'undo')).toBe('told');
    expect(await trial.ended).toBe('undo-failed');
    expect(value()).toBe('old');
    await nothingLeft(trial.nonce);
  });

  it('leaves the control group of a login, with which logind could end it', async () => {
    const root = cgroupRoot();
    const group = mkdtempSync(join(root, 'session-droplens-'));
    const scope = join(group, 'session-1.scope');
    mkdirSync(scope);
    try {
      const login: Transport = { ...transport, spawn: (argv, signal) => transport.spawn(['sh', '-c', 'echo $$ > "$0"; exec "$@"', join(scope, 'cgroup.procs'), ...argv], signal) };
      const trial = await startTrial(login, request());
      await trial.applied;
      const groups = left(trial.nonce).map((pid) => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
      expect(groups.length).toBeGreaterThan(0);
      for (const text of groups) expect(text).not.toContain('session-1.scope');
      await decideTrial(login, trial.nonce, 'undo');
      await nothingLeft(trial.nonce);
    } finally {
      await vi.waitFor(() => rmdirSync(scope));
      rmdirSync(group);
    }
  });

  it('hands input to a program', async () => {
    const trial = await startTrial(transport, request({ apply: [{ kind: 'run', argv: ['tee', file], stdin: "a 'b' %s\\n\n" }] }));
    expect((await trial.applied).kind).toBe('applied');
    expect(readFileSync(file, 'utf8')).toBe("a 'b' %s\\n\n");
    await decideTrial(transport, trial.nonce, 'undo');
  });

  it('begins nothing when only a part of the program arrives', async () => {
    const program = starterProgram({ nonce: 'cut', apply: [write('new')], undo: [write('old')], seconds: 5, prefix: [] });
    for (const length of [10, 200, program.length - 12, program.length - 10]) {
      const shell = spawn('sh', { stdio: ['pipe', 'ignore', 'ignore'] });
      shell.stdin.end(program.slice(0, length));
      await new Promise((resolve) => shell.once('exit', resolve));
    }
    expect(left('droplens-change:cut')).toEqual([]);
    expect(value()).toBe('old');
  });

  it.each([['dash'], ['bash'], ['busybox', 'sh']])('works in %s', async (...shell) => {
    // The program names its shell `sh`: this folder has the one under test by that name.
    execFileSync('ln', ['-s', execFileSync('sh', ['-c', `command -v ${shell[0]}`], { encoding: 'utf8' }).trim(), join(folder, 'sh')]);
    const prefix = ['env', `PATH=${folder}:${process.env['PATH']}`];
    for (const decision of ['keep', 'undo'] as const) {
      const trial = await startTrial(transport, request({ prefix }));
      expect((await trial.applied).kind).toBe('applied');
      expect(value()).toBe('new');
      expect(await decideTrial(transport, trial.nonce, decision)).toBe('told');
      expect(await trial.ended).toBe(decision === 'keep' ? 'kept' : 'undone');
      expect(value()).toBe(decision === 'keep' ? 'new' : 'old');
      await nothingLeft(trial.nonce);
    }
    const late = await startTrial(transport, request({ prefix, seconds: 1, apply: [write('new'), { kind: 'run', argv: ['sleep', '4'] }] }));
    expect(await late.ended).toBe('undone');
    expect(value()).toBe('old');
    await nothingLeft(late.nonce);
  });
});
