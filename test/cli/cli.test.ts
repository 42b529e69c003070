import { spawn } from 'node:child_process';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseInvocation } from '../../src/cli/args.js';
import { DiagnosisReport } from '../../src/protocol/diagnosis.js';
import { bundle, type Bundled } from '../support/bundle.js';

let built: Bundled;
beforeAll(async () => {
  built = await bundle('cli/main.ts', 'cli');
});
afterAll(() => built.remove());

function cli(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [built.file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

describe('the command line', () => {
  test('diagnose --json: JSON alone on stdout, in the shape of the contract', async () => {
    const { code, stdout, stderr } = await cli('diagnose', '--seconds', '1', '--json');
    const report = v.parse(DiagnosisReport, JSON.parse(stdout));
    expect(report.target).toBe('local:/');
    expect(report.host.kernel).toMatch(/^\d+\.\d+/);
    expect(report.window.samples).toBe(2);
    expect(code).toBe(report.verdict === 'loss' ? 1 : 0);
    expect(stderr).toBe('');
  });

  test('sample --json: counters, levels, rows and what was unreadable', async () => {
    const { code, stdout } = await cli('sample', '--json');
    const answer = JSON.parse(stdout) as { counters: Record<string, number>; rows: { table: string; key: string }[] };
    expect(code).toBe(0);
    expect(answer.counters).toHaveProperty(['TcpExt.ListenOverflows']);
    expect(answer.rows).toContainEqual(expect.objectContaining({ table: 'interface', key: 'lo' }));
  });

  test.each([
    [['--help'], 0, /diagnose/, /^$/],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/, /^$/],
    [['explode'], 2, /^$/, /no command called explode/],
    [['diagnose', 'ftp://x/'], 2, /^$/, /not a target/],
    [['diagnose', '--seconds', 'soon'], 2, /^$/, /--seconds/],
    [['diagnose', '--frobnicate'], 2, /^$/, /frobnicate/],
    [['diagnose', 'local:/netns/there-is-no-such-one'], 2, /^$/, /no network namespace there-is-no-such-one/],
    [['diagnose', 'ssh://user@127.0.0.1:1/'], 2, /^$/, /127\.0\.0\.1/],
  ])('%j ends with %i', async (args, status, out, err) => {
    const { code, stdout, stderr } = await cli(...args);
    expect(stdout).toMatch(out);
    expect(stderr).toMatch(err);
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
    expect(code).toBe(status);
  });
});

describe('arguments', () => {
  test('defaults are this machine and three seconds', () => {
    expect(parseInvocation(['diagnose'])).toEqual({ kind: 'diagnose', target: { kind: 'local', namespace: { kind: 'host' } }, seconds: 3, json: false });
  });

  test('a target may stand before or behind the options', () => {
    expect(parseInvocation(['diagnose', '--json', 'ssh://web-1/netns/blue', '--seconds=0.5'])).toMatchObject({
      target: { kind: 'ssh', host: 'web-1', namespace: { kind: 'netns', name: 'blue' } },
      seconds: 0.5,
      json: true,
    });
  });

  test('a host that would be an option is refused', () => {
    expect(parseInvocation(['diagnose', 'ssh://-oProxyCommand=x/']).kind).toBe('wrong');
  });
});
