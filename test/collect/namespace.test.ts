import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { english } from '../../src/core/message.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Reading, Sample } from '../../src/core/sample.js';
import { localTransport } from '../../src/collect/local.js';
import { enterNamespace } from '../../src/collect/namespace/enter.js';
import { runScript } from '../../src/collect/run.js';
import { openSession } from '../../src/collect/session.js';
import type { Namespace } from '../../src/collect/target.js';
import { processesWith, requireRoot, run, SHELLS, shellArgv, token, until } from './support.js';

/** Names that the kernel takes (dev_valid_name) and that a careless program would act upon. */
const INTERFACES = ['$(reboot)', '-x', 'a;b', '`id`', '*', "'q'", '&', '\\n', '==>'];
const NAME = `droplens-${process.pid}`;
const NETNS: Namespace = { kind: 'netns', name: NAME };
const transport = localTransport();

beforeAll(() => {
  requireRoot('this test');
  run('ip', 'netns', 'add', NAME);
  INTERFACES.forEach((name, index) => run('ip', '-n', NAME, 'link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', `peer${index}`));
});

afterAll(async () => {
  await transport.dispose();
  run('ip', 'netns', 'del', NAME);
});

function rowsOf(reading: Reading | undefined, table: string): string[] {
  if (reading?.state !== 'ok') throw new Error(reading === undefined ? 'not due' : english(reading.why));
  return reading.facts.rows.filter((row) => row.table === table).map((row) => row.key);
}

async function sampleIn(namespace: Namespace, shell: readonly string[] = ['sh']): Promise<Sample> {
  const entry = await enterNamespace(transport, namespace, 'testhost');
  const session = await openSession(transport, { host: 'testhost', parserFor, shell, ...entry });
  try {
    return await session.sample(new Set(['fast', 'medium', 'slow']));
  } finally {
    await session.close();
  }
}

const EXPECTED = ['lo', ...INTERFACES, ...INTERFACES.map((_, index) => `peer${index}`)].sort();

describe.each(SHELLS)('inside a network namespace, with %s', (name) => {
  it('hostile interface names are only names, in every source that lists interfaces', async () => {
    const sample = await sampleIn(NETNS, shellArgv(name));
    for (const id of ['dev', 'sysfs', 'ip_link']) {
      const listed = rowsOf(sample.readings.get(id), 'interface').sort();
      expect([id, listed]).toEqual([id, EXPECTED]);
    }
    for (const id of ['tc_qdisc', 'ethtool']) expect([id, sample.readings.get(id)?.state]).toEqual([id, 'ok']);
    const arp = sample.readings.get('arp_cache');
    expect(arp?.state === 'unreadable' && english(arp.why)).toMatch(/only in the first network namespace/);
  });
});

describe('entering a namespace', () => {
  it('of a process shows that namespace, also in /sys, and leaves no mount behind', async () => {
    const tag = token();
    const [variable = '', value = ''] = tag.split('=');
    const before = readFileSync('/proc/self/mounts', 'utf8');
    const inside = spawn('ip', ['netns', 'exec', NAME, 'sleep', '1000'], { env: { PATH: process.env['PATH'], [variable]: value } });
    try {
      const own = readlinkOf(process.pid);
      await until('the process is inside', () => inside.pid !== undefined && readlinkOf(inside.pid) !== own);
      const entry = await enterNamespace(transport, { kind: 'pid', pid: inside.pid ?? 0 }, 'testhost');
      const session = await openSession(transport, { host: 'testhost', parserFor, ...entry });
      const sample = await session.sample(new Set(['fast', 'medium']));
      expect(rowsOf(sample.readings.get('dev'), 'interface').sort()).toEqual(EXPECTED);
      expect(rowsOf(sample.readings.get('sysfs'), 'interface').sort()).toEqual(EXPECTED);
      expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(before);
      await session.close();
    } finally {
      inside.kill('SIGKILL');
    }
    await until('nothing is left', () => processesWith(tag).length === 0);
    expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(before);
  });

  it('by name leaves no mount behind while it is used', async () => {
    const before = readFileSync('/proc/self/mounts', 'utf8');
    const { prefix } = await enterNamespace(transport, NETNS, 'testhost');
    const outcome = await runScript(transport, { script: 'ls /sys/class/net | wc -l; sleep 0.2', env: new Map(), timeoutSeconds: 10, prefix });
    expect(outcome).toMatchObject({ kind: 'done', exit: 0, output: `${EXPECTED.length}\n` });
    expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(before);
  });

  it('of a process that is in the host’s own is the host', async () => {
    expect(await enterNamespace(transport, { kind: 'pid', pid: process.pid }, 'testhost')).toEqual({ prefix: [], inNamespace: false });
    expect(await enterNamespace(transport, { kind: 'host' }, 'testhost')).toEqual({ prefix: [], inNamespace: false });
  });

  it('says what is not there', async () => {
    await expect(enterNamespace(transport, { kind: 'netns', name: '$(reboot)' }, 'testhost')).rejects.toMatchObject({
      reason: 'unreachable',
      message: 'There is no network namespace $(reboot) on testhost.',
      how: 'List the namespaces of the host with: ip netns',
    });
    await expect(enterNamespace(transport, { kind: 'pid', pid: 4194304 }, 'testhost')).rejects.toMatchObject({
      reason: 'unreachable',
      message: 'There is no process 4194304 on testhost.',
    });
    await expect(enterNamespace(transport, { kind: 'container', id: 'no-such-web' }, 'testhost')).rejects.toMatchObject({
      reason: 'unreachable',
      message: 'There is no container no-such-web with a network of its own on testhost.',
      how: expect.stringContaining(NAME),
    });
  });

  it('needs root, and says so', async () => {
    const asNobody = {
      ...transport,
      spawn: (argv: readonly string[], signal?: AbortSignal) =>
        transport.spawn(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...argv], signal),
    };
    for (const namespace of [NETNS, { kind: 'pid', pid: 1 } as const]) {
      await expect(enterNamespace(asNobody, namespace, 'testhost')).rejects.toMatchObject({
        reason: 'not-permitted',
        message: 'Entering a network namespace on testhost needs root.',
      });
    }
  });

  it('without root the host itself can be looked at, and what is refused is said', async () => {
    const asNobody = {
      ...transport,
      spawn: (argv: readonly string[]) => transport.spawn(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...argv]),
    };
    const session = await openSession(asNobody, { host: 'testhost', parserFor });
    expect(session.host.uid).toBe(65534);
    const sample = await session.sample(new Set(['fast', 'medium', 'slow']));
    for (const id of ['uptime', 'netstat', 'snmp', 'dev', 'softnet', 'sysfs', 'ss_listen', 'tc_qdisc']) {
      expect([id, sample.readings.get(id)?.state]).toEqual([id, 'ok']);
    }
    await session.close();
  });
});

function readlinkOf(pid: number): string {
  return run('readlink', `/proc/${pid}/ns/net`);
}
