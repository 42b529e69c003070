import { readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runScript } from '../../src/collect/run.js';
import { openSession } from '../../src/collect/session.js';
import { connectSsh } from '../../src/collect/ssh/entry.js';
import type { SshTransport } from '../../src/collect/ssh/types.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Tier } from '../../src/core/sources.js';
import { processesWith, token, until } from '../collect/support.js';
import { cableTo, liveOver } from './live.js';
import { startSshd } from './sshd.js';
import { requestFor } from './support.js';

const ALL: ReadonlySet<Tier> = new Set(['fast', 'medium', 'slow']);
const undo: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** Everything that we run on a host: a probe, a command with children that ignore what they can, a terminal. */
async function busy(transport: SshTransport, tag: string): Promise<void> {
  const session = await openSession(transport, { host: 'cut', parserFor });
  await session.sample(ALL);
  const script = `trap '' TERM HUP; sleep 1000 & timeout 900 sleep 1000 & (setsid true; sleep 1000)`;
  runScript(transport, { script, env: new Map(), timeoutSeconds: 600 }).catch(() => undefined);
  const terminal = await transport.openTerminal({ columns: 80, rows: 24 });
  terminal.onData(() => undefined);
  terminal.write('sleep 1000\n');
  await until('everything runs', () => processesWith(tag).filter((pid) => commandOf(pid).includes('1000')).length >= 4);
}

/** Our processes on the host. The sessions' own sshd does not carry their environment. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

const gone = (tag: string, seconds: number): Promise<void> =>
  until('nothing is left', () => processesWith(tag).length === 0, seconds).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${processesWith(tag).map(commandOf).join(' | ')}`);
  });

describe('nothing is left on the host', () => {
  it('when the connection is closed', async () => {
    const tag = token();
    const sshd = await startSshd({ config: [`SetEnv ${tag}`] });
    undo.push(() => sshd.stop());
    const transport = await connectSsh(requestFor(sshd));
    await busy(transport, tag);
    await transport.dispose();
    await gone(tag, 5);
  });

  it('when our process dies or the connection is reset', async () => {
    const tag = token();
    const sshd = await startSshd({ config: [`SetEnv ${tag}`] });
    undo.push(() => sshd.stop());
    const cable = await cableTo(sshd);
    undo.push(() => cable.stop());
    const transport = await connectSsh(requestFor(sshd, cable.request));
    await busy(transport, tag);
    cable.cut();
    expect(await transport.lost).toMatchObject({ reason: 'lost' });
    await gone(tag, 5);
  });

  it('when the network falls silent, a few seconds after sshd notices', async () => {
    const tag = token();
    const sshd = await startSshd({ config: [`SetEnv ${tag}`, 'ClientAliveInterval 1', 'ClientAliveCountMax 2'] });
    undo.push(() => sshd.stop());
    const cable = await cableTo(sshd);
    undo.push(() => cable.stop());
    const transport = await connectSsh(requestFor(sshd, cable.request));
    undo.push(() => transport.dispose());
    await busy(transport, tag);
    cable.silence();
    await gone(tag, 10);
  });

  it('when the network falls silent and sshd never notices: the probe and the command have limits of their own', async () => {
    const tag = token();
    const sshd = await startSshd({ config: [`SetEnv ${tag}`, 'ClientAliveInterval 0', 'TCPKeepAlive no'] });
    undo.push(() => sshd.stop());
    const cable = await cableTo(sshd);
    undo.push(() => cable.stop());
    const transport = await connectSsh(requestFor(sshd, cable.request));
    undo.push(() => transport.dispose());
    const session = await openSession(transport, { host: 'cut', parserFor, idleSeconds: 2 });
    await session.sample(ALL);
    runScript(transport, { script: 'sleep 1000 & sleep 1000', env: new Map(), timeoutSeconds: 1 }).catch(() => undefined);
    await until('the command runs', () => processesWith(tag).filter((pid) => commandOf(pid) === 'sleep 1000').length === 2);
    cable.silence();
    expect(processesWith(tag).length).toBeGreaterThan(4);
    await gone(tag, 20);
    // sshd itself still believes in the connection.
    expect(await sshd.connections()).toHaveLength(1);
  });

  it('when a run is cancelled over a connection that stands', async () => {
    const tag = token();
    const sshd = await startSshd({ config: [`SetEnv ${tag}`] });
    undo.push(() => sshd.stop());
    const transport = await connectSsh(requestFor(sshd));
    undo.push(() => transport.dispose());
    const cancel = new AbortController();
    const running = runScript(transport, { script: `trap '' TERM; sleep 1000 & sleep 1000`, env: new Map(), timeoutSeconds: 600 }, cancel.signal);
    await until('the command runs', () => processesWith(tag).length >= 4);
    cancel.abort();
    expect(await running).toEqual({ kind: 'cancelled' });
    await gone(tag, 5);
  });
});

describe('a server that goes and comes', () => {
  it('is connected to again without a question, and the counters go on where they were', async () => {
    const sshd = await startSshd();
    undo.push(() => sshd.stop());
    const { live, states, connects } = liveOver(sshd);
    undo.push(() => live.dispose());
    const before = received();
    live.watch(true, 250);
    await vi.waitFor(() => expect(live.look?.view.samples).toBeGreaterThan(4), { timeout: 20_000 });
    const first = live.look?.view.bootId;
    await sshd.crash();
    await vi.waitFor(() => expect(live.state).toMatchObject({ kind: 'stale', why: 'The connection to droplens-sshd was lost.' }), { timeout: 5_000 });
    await vi.waitFor(() => expect(live.state).toMatchObject({ kind: 'stale', why: expect.stringContaining('nothing listens on port') }), { timeout: 10_000 });
    const attempts = connects.length;
    expect(attempts).toBeGreaterThanOrEqual(2);
    await sshd.restart();
    await vi.waitFor(() => expect(live.state.kind).toBe('live'), { timeout: 20_000 });
    await vi.waitFor(() => expect(live.look?.view.samples).toBeGreaterThan(2), { timeout: 10_000 });
    const view = live.look?.view;
    const counter = view?.counters.get('Ip.InReceives');
    expect(view?.bootId).toBe(first);
    expect(counter?.delta).toBeGreaterThanOrEqual(0);
    expect(counter?.delta).toBeLessThanOrEqual(received() - before);
    expect(connects.every((interactive) => !interactive)).toBe(true);
    expect(states.some((state) => state.kind === 'failed')).toBe(false);
  });
});

describe('a server that is frozen', () => {
  const stop = async (sshd: Awaited<ReturnType<typeof startSshd>>): Promise<number[]> => {
    // On a busy machine a short keepalive may just have cost the connection by itself.
    const frozen = await vi.waitFor(async () => {
      const connections = await sshd.connections();
      expect(connections.length).toBeGreaterThan(0);
      return connections;
    });
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    return frozen;
  };
  const thaw = (frozen: readonly number[]): void => {
    for (const pid of frozen) {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // It was ended meanwhile.
      }
    }
  };

  it('makes the values stale, and they go on over the same connection when it thaws', async () => {
    const tag = token();
    const sshd = await startSshd({ config: [`SetEnv ${tag}`] });
    undo.push(() => sshd.stop());
    const { live, connects } = liveOver(sshd);
    undo.push(() => live.dispose());
    live.watch(true, 250);
    await vi.waitFor(() => expect(live.look?.view.samples).toBeGreaterThan(4), { timeout: 20_000 });
    const frozen = await stop(sshd);
    undo.push(() => thaw(frozen));
    const since = Date.now();
    await vi.waitFor(() => expect(live.state).toMatchObject({ kind: 'stale', why: 'droplens-sshd did not answer within 5 s.' }), { timeout: 10_000 });
    expect(Date.now() - since).toBeLessThan(7_000);
    thaw(frozen);
    await vi.waitFor(() => expect(live.state.kind).toBe('live'), { timeout: 20_000 });
    expect(connects).toEqual([false]);
    // The probe that hung has gone; dash has a second shell and its sleep beside each.
    await until('one probe runs', () => processesWith(tag).filter((pid) => /^sh$/.test(commandOf(pid))).length <= 2);
  });

  it('is left when it does not answer the keepalive, and a new connection made', async () => {
    const tag = token();
    const sshd = await startSshd({ config: [`SetEnv ${tag}`] });
    undo.push(() => sshd.stop());
    await appendFile(join(sshd.home, '.ssh/config'), '  ServerAliveInterval 1\n  ServerAliveCountMax 2\n');
    const { live, connects, states } = liveOver(sshd);
    undo.push(() => live.dispose());
    live.watch(true, 250);
    await vi.waitFor(() => expect(live.look?.view.samples).toBeGreaterThan(4), { timeout: 20_000 });
    const before = connects.length;
    const frozen = await stop(sshd);
    undo.push(() => thaw(frozen));
    await vi.waitFor(() => expect(states.some((state) => state.kind === 'stale' && /did not answer for 3 s/.test(state.why))).toBe(true), { timeout: 10_000 });
    await vi.waitFor(() => expect(live.state.kind).toBe('live'), { timeout: 20_000 });
    expect(connects.length).toBeGreaterThan(before);
    expect(connects.every((interactive) => !interactive)).toBe(true);
    thaw(frozen);
    await live.dispose();
    await gone(tag, 10);
  });
});

/** Packets that this machine has received, as the probe counts them. */
function received(): number {
  const lines = readFileSync('/proc/net/snmp', 'latin1').split('\n').filter((line) => line.startsWith('Ip: '));
  const [names = [], values = []] = lines.map((line) => line.split(' '));
  return Number(values[names.indexOf('InReceives')]);
}
