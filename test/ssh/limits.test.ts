import { expect, it } from 'vitest';
import { connectTarget } from '../../src/collect/connect.js';
import { runScript } from '../../src/collect/run.js';
import { connectSsh } from '../../src/collect/ssh/entry.js';
import type { SshTransport } from '../../src/collect/ssh/types.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Tier } from '../../src/core/sources.js';
import { startSshd } from './sshd.js';
import { requestFor } from './support.js';

const FAST: ReadonlySet<Tier> = new Set(['fast']);
const ECHO = { script: 'echo done', env: new Map<string, string>(), timeoutSeconds: 20 };

async function over(sessions: number, check: (connection: Awaited<ReturnType<typeof connectTarget>>, ssh: SshTransport) => Promise<void>): Promise<void> {
  const sshd = await startSshd({ config: [`MaxSessions ${sessions}`] });
  try {
    const ssh = await connectSsh(requestFor(sshd));
    const connection = await connectTarget({ kind: 'ssh', host: sshd.alias, namespace: { kind: 'host' } }, { ssh: () => Promise.resolve(ssh), parserFor });
    await check(connection, ssh);
    await connection.close();
  } finally {
    await sshd.stop();
  }
}

it('MaxSessions 1: the live values go on, and a command says why it cannot run, and runs when there is a place', async () => {
  await over(1, async ({ session }, ssh) => {
    const refused = expect(runScript(ssh, ECHO)).rejects.toMatchObject({
      reason: 'not-permitted',
      message: 'droplens-sshd allows no further session on this connection.',
      how: 'The only one that it allows reads the live values. Raise MaxSessions in its sshd_config.',
    });
    for (let round = 0; round < 5; round++) expect((await session.sample(FAST)).readings.get('snmp')?.state).toBe('ok');
    await refused;
    await expect(ssh.openTerminal({ columns: 80, rows: 24 })).rejects.toMatchObject({ reason: 'not-permitted' });
    const waiting = runScript(ssh, ECHO);
    await session.close();
    expect(await waiting).toMatchObject({ kind: 'done', output: 'done\n' });
  });
});

it('MaxSessions 1: a probe that was killed is started again in its own place', async () => {
  await over(1, async (connection) => {
    await connection.session.close();
    expect(connection.session.ended).toBeDefined();
    await connection.renew();
    expect((await connection.session.sample(FAST)).readings.get('snmp')?.state).toBe('ok');
  });
});

it('MaxSessions 2: a command waits for the terminal that holds the place, and can be cancelled while it waits', async () => {
  await over(2, async ({ session }, ssh) => {
    const terminal = await ssh.openTerminal({ columns: 80, rows: 24 });
    const cancel = new AbortController();
    const given = runScript(ssh, ECHO, cancel.signal);
    const waiting = runScript(ssh, ECHO);
    // Both have asked and been told that there is no place when the sample is answered.
    await session.sample(FAST);
    cancel.abort();
    expect(await given).toEqual({ kind: 'cancelled' });
    terminal.close();
    expect(await waiting).toMatchObject({ kind: 'done', output: 'done\n' });
    // Nothing of the refusals is held against later ones.
    for (let round = 0; round < 3; round++) expect(await runScript(ssh, ECHO)).toMatchObject({ output: 'done\n' });
  });
});
