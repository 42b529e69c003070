import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parserFor } from '../../src/core/parse/index.js';
import { localTransport } from '../../src/collect/local.js';
import { runScript } from '../../src/collect/run.js';
import { openSession } from '../../src/collect/session.js';
import type { Transport } from '../../src/collect/transport.js';
import { processesWith, run, shellArgv, token, until } from './support.js';

let folder = '';

beforeAll(() => {
  shellArgv('busybox ash');
  folder = mkdtempSync(join(tmpdir(), 'droplens-busybox-'));
  const busybox = run('sh', '-c', 'command -v busybox').trim();
  for (const applet of run('busybox', '--list').split('\n').filter((name) => name !== '')) symlinkSync(busybox, join(folder, applet));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** This machine with no program but busybox in front (the probe adds the sbin folders, where ip and tc may be). */
function busyboxOnly(tag: string): Transport {
  return localTransport({ platform: 'linux', env: { PATH: folder, ...Object.fromEntries([tag.split('=')]) }, exists: () => true });
}

describe('a host that has busybox and no GNU tools', () => {
  it('is read, with listeners from /proc where there is no ss', async () => {
    const transport = busyboxOnly(token());
    const session = await openSession(transport, { host: 'testhost', parserFor });
    const sample = await session.sample(new Set(['fast', 'medium', 'slow']));
    for (const id of ['uptime', 'netstat', 'snmp', 'dev', 'softnet', 'sysfs', 'sysctl.net.core.somaxconn']) {
      expect([id, sample.readings.get(id)?.state]).toEqual([id, 'ok']);
    }
    if (!session.host.tools.has('ss')) expect(sample.readings.get('proc_tcp')?.state).toBe('ok');
    const sysfs = sample.readings.get('sysfs');
    expect(sysfs?.state === 'ok' && sysfs.facts.rows.find((row) => row.key === 'lo')?.gauges.get('mtu')).toBeGreaterThan(0);
    await session.close();
  });

  it('runs a script and ends all of it', async () => {
    const tag = token();
    const transport = busyboxOnly(tag);
    const request = { env: new Map([['HOST', 'a b']]), timeoutSeconds: 20 };
    expect(await runScript(transport, { ...request, script: 'echo "$HOST"; exit 4' })).toMatchObject({ exit: 4, output: 'a b\n' });
    expect(await runScript(transport, { ...request, script: 'sleep 1000 & timeout 900 sleep 1000', timeoutSeconds: 0.3 })).toMatchObject({ timedOut: true });
    await until('nothing is left', () => processesWith(tag).length === 0);
    const cancel = new AbortController();
    const running = runScript(transport, { ...request, script: `trap '' TERM; sleep 1000 & sleep 1000` }, cancel.signal);
    await until('the script runs', () => processesWith(tag).length >= 5);
    cancel.abort();
    expect(await running).toEqual({ kind: 'cancelled' });
    await until('nothing is left', () => processesWith(tag).length === 0);
  });
});
