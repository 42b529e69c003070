import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseInvocation } from '../../src/cli/args.js';
import { bundle, type Bundled } from '../support/bundle.js';

let built: Bundled;
const folder = mkdtempSync(join(tmpdir(), 'droplens-cli-'));
beforeAll(async () => {
  built = await bundle('cli/main.ts', 'cli');
});
afterAll(() => {
  built.remove();
  rmSync(folder, { recursive: true, force: true });
});

function cli(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [built.file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })));
}

describe('recordings on the command line', () => {
  test('record, look again, report', async () => {
    const file = join(folder, 'a.droplens');
    const recorded = await cli('record', '--out', file, '--seconds', '1', '--json');
    expect(recorded.stderr).toContain(`Recorded to ${file}.`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await cli('diagnose', '--recording', file, '--json');
    expect([again.stdout, again.code, again.stderr]).toEqual([recorded.stdout, recorded.code, '']);
    expect((await cli('sample', '--recording', file, '--json')).stdout).toContain('TcpExt.ListenOverflows');
    expect((await cli('report', file)).stdout).toMatch(/^# Incident report: /);

    const second = await cli('record', '--out', file, '--seconds', '1');
    expect([second.code, second.stdout]).toEqual([2, '']);
    expect(second.stderr).toContain('exists already');
    expect((await cli('record', '--out', file, '--seconds', '1', '--force', '--redact')).code).toBe(recorded.code);
    expect((await cli('report', file)).stdout).toMatch(/^# Incident report: host-[0-9a-f]{8}\n/);
  });

  test('a file that is no recording is said to be none', async () => {
    const file = join(folder, 'none.droplens');
    writeFileSync(file, '# hello\n');
    for (const args of [['diagnose', '--recording', file], ['report', file], ['sample', '--recording', file]]) {
      const { code, stdout, stderr } = await cli(...args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toBe(`droplens: The recording ${file} cannot be opened. This is not a recording of Droplens.\n`);
    }
  });

  test.each([
    [['record'], /--out FILE/],
    [['record', 'recording:///x', '--out', 'y'], /cannot be recorded/],
    [['record', '--out', 'y', '--peer', 'ssh://a/'], /no --peer/],
    [['diagnose', '--out', 'y'], /belong to record and report/],
    [['diagnose', 'local:/', '--recording', 'y'], /one too many/],
    [['diagnose', '--recording', 'y', '--seconds', '3'], /its own window/],
    [['diagnose', '--recording', 'y', '--root'], /its own window/],
    [['diagnose', 'local:/', '--peer', 'recording:///x'], /not a recording/],
    [['report'], /needs a recording/],
    [['report', 'a', 'b'], /one too many/],
  ])('%j is a mistake', (args, why) => {
    const invocation = parseInvocation(args);
    expect(invocation.kind === 'wrong' ? invocation.why : '').toMatch(why);
  });

  test('files are named from where the person stands', () => {
    expect(parseInvocation(['report', 'x.droplens'])).toMatchObject({ kind: 'report', file: resolve('x.droplens') });
    expect(parseInvocation(['record', '--out', 'x'])).toMatchObject({ kind: 'record', out: resolve('x'), target: { kind: 'local' } });
    expect(parseInvocation(['diagnose', '--recording', 'x'])).toMatchObject({ kind: 'diagnose', target: { kind: 'recording', path: resolve('x') } });
  });
});
