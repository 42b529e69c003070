import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseInvocation } from '../../src/cli/args.js';
import { jsonText, reportText, sampleText } from '../../src/cli/text.js';
import { DiagnosisReport } from '../../src/protocol/diagnosis.js';
import { sample as takeSample, unreadable } from '../core/support/samples.js';
import { bundle, type Bundled } from '../support/bundle.js';

/** What a terminal would obey, and what reorders text. */
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

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

describe('names that a host chose', () => {
  const hostile = 'x\u001b]0;owned\u0007\u001b[2J\u009b31m\n LOSS fake\u202e';

  test('are not obeyed by a terminal when a report is printed', () => {
    const finding = {
      cause: 'app-not-reading-tcp', title: 't', layer: 'application' as const, direction: 'rx' as const, severity: 'loss' as const,
      subject: { kind: 'socket' as const, name: hostile, process: hostile }, rate: 1, unit: 'bytes/s',
      evidence: [{ signal: `nic.${hostile}`, before: 0, after: 1, delta: 1 }], summary: `${hostile} does not read`, runbook: 'x', step: 's',
    };
    const text = reportText({
      target: 'local:/', host: { name: hostile, kernel: '6', bootId: 'b' }, window: { seconds: 1, samples: 2 }, verdict: 'loss',
      findings: [finding], notChecked: [{ what: hostile, why: hostile, how: hostile }],
    });
    expect(text).not.toMatch(CONTROLS);
    expect(text.split('\n')).toHaveLength(9);
  });

  test('are not obeyed by a terminal when a sample is printed', () => {
    const sample = takeSample(1, {
      dev: { rows: [{ table: 'interface', key: hostile, labels: { process: hostile }, counters: { [hostile]: 1 } }] },
      [hostile]: unreadable('failed', hostile),
    });
    const { read, unread } = sampleText(sample);
    expect(read + unread).not.toMatch(CONTROLS);
    expect([read, unread].map((text) => text.trimEnd().split('\n').length)).toEqual([1, 1]);
  });

  test('stay themselves in JSON, in escapes', () => {
    expect(jsonText({ name: hostile })).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(JSON.parse(jsonText({ name: hostile }))).toEqual({ name: hostile });
  });

  test('are not obeyed when a real program has such a name', async () => {
    const listener = "require('net').createServer().listen(0,'127.0.0.1',function(){process.title='\\u001b[2Jevil';console.log(this.address().port)});process.stdin.on('end',()=>process.exit()).resume()";
    const child = spawn(process.execPath, ['-e', listener], { stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const { code, stdout, stderr } = await cli('sample');
      expect(code).toBe(0);
      expect(stdout).toContain('evil');
      expect(stdout + stderr).not.toMatch(CONTROLS);
    } finally {
      child.stdin.end();
    }
  });
});

describe('a run that is cut short', () => {
  /** Processes that this one has started and that still run. */
  const descendants = (of: number): number[] =>
    readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
      try {
        const fields = readFileSync(`/proc/${name}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
        return Number(fields[1]) === of ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
  const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s while watching: one sentence, status 2, nothing left', async (name) => {
    const child = spawn(process.execPath, [built.file, 'diagnose', '--seconds', '60', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const probe = await vi.waitFor(() => {
      const [first] = descendants(child.pid ?? -1);
      if (first === undefined) throw new Error('the probe does not run yet');
      return first;
    }, { timeout: 10_000, interval: 20 });
    child.kill(name);
    expect(await ended).toBe(2);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: 'droplens: Cancelled.\n' });
    expect(alive(probe)).toBe(false);
  });

  test('SIGKILL leaves no probe either', async () => {
    const child = spawn(process.execPath, [built.file, 'diagnose', '--seconds', '60'], { stdio: 'ignore' });
    const probe = await vi.waitFor(() => {
      const [first] = descendants(child.pid ?? -1);
      if (first === undefined) throw new Error('the probe does not run yet');
      return first;
    }, { timeout: 10_000, interval: 20 });
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(alive(probe)).toBe(false), { timeout: 10_000, interval: 20 });
  });

  test.each([['sample'], ['sample', '--json'], ['--help']])('%s into a pipe that nobody reads is quiet', async (...args) => {
    const child = spawn(process.execPath, [built.file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    expect(stderr).not.toMatch(/EPIPE|\bat .*:\d+:\d+/);
    expect(code).toBe(0);
  });
});

describe('arguments', () => {
  test('defaults are this machine and three seconds', () => {
    expect(parseInvocation(['diagnose'])).toEqual({ kind: 'diagnose', target: { kind: 'local', namespace: { kind: 'host' } }, seconds: 3, json: false, root: false });
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

  test('two hosts and a flow', () => {
    const flow = 'tcp 10.0.0.1:4000 > 10.0.0.2:80';
    expect(parseInvocation(['diagnose', 'ssh://web-1/', '--peer', 'ssh://db-1/', '--flow', flow, '--root'])).toMatchObject({
      kind: 'bothEnds',
      target: { host: 'web-1' },
      peer: { host: 'db-1' },
      flow: { protocol: 'tcp', receiver: { address: '10.0.0.2', port: 80 } },
      root: true,
    });
    expect(parseInvocation(['diagnose', 'ssh://web-1/', '--peer', 'ssh://db-1/'])).toMatchObject({ kind: 'bothEnds', flow: undefined });
  });

  test.each([
    [['diagnose', 'ssh://web-1/', '--flow', 'tcp 10.0.0.1:4000 > 10.0.0.2:80'], '--peer'],
    [['diagnose', 'ssh://web-1/', '--peer', 'ssh://web-1'], 'the same target'],
    [['diagnose', 'ssh://web-1/', '--peer', 'db-1'], 'not a target'],
    [['diagnose', 'ssh://web-1/', '--peer', 'ssh://db-1/', '--flow', 'web to db'], 'not a flow'],
    [['sample', 'ssh://web-1/', '--peer', 'ssh://db-1/'], 'no --peer'],
  ])('%j is refused', (argv, why) => {
    expect(parseInvocation(argv)).toEqual({ kind: 'wrong', why: expect.stringContaining(why) });
  });
});
