import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localTransport } from '../../../src/collect/local.js';
import { startDropTrace, type DropTrace } from '../../../src/collect/privileged/dropTrace.js';
import { traceProgram } from '../../../src/collect/privileged/traceProgram.js';
import type { Transport } from '../../../src/collect/transport.js';
import { english } from '../../../src/core/message.js';
import type { Reading } from '../../../src/core/sample.js';
import { processesWith, requireRoot, run, SHELLS, shellArgv, token, until } from '../support.js';

const NETNS = `droplens-trace-${process.pid}`;
const PORT = 40_999;

/** The instances of the machine's tracefs, looked at from a mount namespace of our own: it is not mounted everywhere. */
function instances(): readonly string[] {
  const list = 'mount --make-rprivate / && mount -t tracefs tracefs /sys/kernel/tracing && ls /sys/kernel/tracing/instances';
  return run('unshare', '-m', 'sh', '-c', list).split('\n').filter(Boolean);
}

/** Mounts of tracefs that everybody on this machine sees. */
const mounts = (): readonly string[] => readFileSync('/proc/1/mounts', 'utf8').split('\n').filter((line) => / tracefs /.test(line));

/** Sends datagrams that a rule of the namespace drops. */
function lose(count: number): void {
  run('ip', 'netns', 'exec', NETNS, 'bash', '-c', `for i in $(seq ${count}); do echo x >/dev/udp/127.0.0.1/${PORT}; done`);
}

const name = (): string => `t${process.pid}x${randomBytes(4).toString('hex')}`;

/** A transport whose processes can be found again by an entry of their environment. */
function marked(entry: string, path?: string): Transport {
  const [key = '', value = ''] = entry.split('=');
  const env = { ...process.env, [key]: value, ...(path === undefined ? {} : { PATH: `${path}:${process.env['PATH'] ?? ''}` }) };
  return localTransport({ platform: 'linux', env, exists: () => true });
}

function events(reading: Reading, key: string): number {
  if (reading.state !== 'ok') throw new Error(english(reading.why));
  return Number(reading.facts.rows.find((row) => row.key === key)?.counters.get('events') ?? 0);
}

async function start(transport: Transport, id: string, shell: readonly string[] = ['sh'], seconds = 30): Promise<DropTrace> {
  const trace = await startDropTrace(transport, { seconds, shell, name: () => id });
  if (trace.begun.state !== 'ok') throw new Error(english(trace.begun.why));
  expect(instances()).toContain(`droplens-${id}`);
  return trace;
}

beforeAll(() => {
  requireRoot('a drop trace');
  run('ip', 'netns', 'add', NETNS);
  run('ip', '-n', NETNS, 'link', 'set', 'lo', 'up');
  run('ip', 'netns', 'exec', NETNS, 'nft', `table inet t { chain c { type filter hook input priority 0; udp dport ${PORT} drop; }; }`);
});

afterAll(() => {
  run('ip', 'netns', 'del', NETNS);
});

describe.each(SHELLS)('a drop trace kept by %s', (shell) => {
  it('names the reason and the function of a real fault, and leaves nothing behind', async () => {
    const [entry, id, before] = [token(), name(), mounts()];
    const transport = marked(entry);
    const trace = await start(transport, id, shellArgv(shell));
    lose(40);
    expect(events(await trace.stop(), 'NETFILTER_DROP@nft_do_chain')).toBeGreaterThanOrEqual(40);
    expect(instances()).not.toContain(`droplens-${id}`);
    await until('no process is left', () => processesWith(entry).length === 0);
    expect(mounts()).toEqual(before);
    await transport.dispose();
  });
});

it('counts with the awk of busybox as well', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'droplens-awk-'));
  const [entry, id] = [token(), name()];
  try {
    symlinkSync(run('sh', '-c', 'command -v busybox').trim(), join(folder, 'awk'));
    const trace = await start(marked(entry, folder), id);
    lose(20);
    expect(events(await trace.stop(), 'NETFILTER_DROP@nft_do_chain')).toBeGreaterThanOrEqual(20);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('ends by itself after the most events, and says so', async () => {
  const id = name();
  const trace = await startDropTrace(localTransport(), { seconds: 30, events: 10, name: () => id });
  lose(60);
  const reading = await trace.stop();
  expect(reading.state === 'ok' && [reading.facts.gauges.get('drop_trace.stopped'), reading.facts.gauges.get('drop_trace.events')]).toEqual([1, 10]);
  expect(instances()).not.toContain(`droplens-${id}`);
});

describe('whatever ends it, the instance and every process are gone', () => {
  it('when it is given up', async () => {
    const [entry, id] = [token(), name()];
    const trace = await start(marked(entry), id);
    trace.cancel();
    await until('the instance is gone', () => !instances().includes(`droplens-${id}`));
    await until('no process is left', () => processesWith(entry).length === 0);
  });

  it('when its transport is disposed of', async () => {
    const [entry, id] = [token(), name()];
    const transport = marked(entry);
    await start(transport, id);
    await transport.dispose();
    await until('the instance is gone', () => !instances().includes(`droplens-${id}`));
    await until('no process is left', () => processesWith(entry).length === 0);
  });

  it('when the process that started it is killed', async () => {
    const [entry, id] = [token(), name()];
    const [key = '', value = ''] = entry.split('=');
    const folder = mkdtempSync(join(tmpdir(), 'droplens-trace-'));
    const program = join(folder, 'program');
    writeFileSync(program, traceProgram({ name: id, seconds: 30, events: 1_000 }));
    const code = `const { spawn } = require('node:child_process');
      const keeper = spawn('sh', [], { detached: true, stdio: ['pipe', 'inherit', 'inherit'], env: { ...process.env, ${key}: '${value}' } });
      keeper.stdin.write(require('node:fs').readFileSync(process.argv[1]));
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['-e', code, program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let said = '';
      owner.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await until('the trace runs', () => said.includes('droplens-trace ready'));
      expect(instances()).toContain(`droplens-${id}`);
    } finally {
      owner.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
    await until('the instance is gone', () => !instances().includes(`droplens-${id}`));
    await until('no process is left', () => processesWith(entry).length === 0);
  });

  it('when any one of its processes on the host is killed, and the input ends', async () => {
    const count = await withTrace(async (entry) => processesWith(entry).length);
    // Shell, keeper, watchdog, awk, timeout, cat.
    expect(count).toBeGreaterThanOrEqual(5);
    for (let victim = 0; victim < count; victim += 1) {
      await withTrace(async (entry) => {
        const pid = processesWith(entry).sort((a, b) => a - b)[victim];
        if (pid !== undefined) kill(pid);
      });
    }
  });

  it('when the keeper is killed, although its input stays open', async () => {
    const [entry, id] = [token(), name()];
    const trace = await start(marked(entry), id);
    // All but the watchdog and what it waits with, which are in a session of their own.
    const found = processesWith(entry);
    const session = found.filter((pid) => commandLine(pid).includes('droplens-trace')).map(sessionOf)[0];
    const victims = found.filter((pid) => sessionOf(pid) === session);
    expect([victims.length >= 2, victims.length < found.length]).toEqual([true, true]);
    for (const pid of victims) kill(pid);
    await until('the instance is gone', () => !instances().includes(`droplens-${id}`));
    await until('no process is left', () => processesWith(entry).length === 0);
    expect((await trace.stop()).state).toBe('unreadable');
  });

  it('when its time is over, although nobody ends it', async () => {
    const [entry, id] = [token(), name()];
    const trace = await start(marked(entry), id, ['sh'], 1);
    await until('the instance is gone', () => !instances().includes(`droplens-${id}`));
    expect((await trace.stop()).state).toBe('unreadable');
    await until('no process is left', () => processesWith(entry).length === 0);
  });
});

/** Runs a trace, does something to it, gives it up, and sees to it that nothing is left. */
async function withTrace<T>(act: (entry: string) => Promise<T>): Promise<T> {
  const [entry, id] = [token(), name()];
  const trace = await start(marked(entry), id);
  const result = await act(entry);
  trace.cancel();
  await until('the instance is gone', () => !instances().includes(`droplens-${id}`));
  await until('no process is left', () => processesWith(entry).length === 0);
  return result;
}

/** Ends it, unless it has ended because of another. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The arguments of a process; the keeper's are `sh -c PROGRAM droplens-trace …`. */
function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Field 6 of /proc/PID/stat (proc(5)); none for a process that has ended. */
function sessionOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ')[3]);
  } catch {
    return Number.MAX_SAFE_INTEGER;
  }
}
