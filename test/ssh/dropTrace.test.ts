import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { startDropTrace } from '../../src/collect/privileged/dropTrace.js';
import { connectSsh } from '../../src/collect/ssh/entry.js';
import { requireRoot, run, until } from '../collect/support.js';
import { startSshd } from './sshd.js';
import { requestFor } from './support.js';

/** The instances of the machine's tracefs, looked at from a mount namespace of our own. */
function instances(): readonly string[] {
  const list = 'mount --make-rprivate / && mount -t tracefs tracefs /sys/kernel/tracing && ls /sys/kernel/tracing/instances';
  return run('unshare', '-m', 'sh', '-c', list).split('\n');
}

it.each(['the connection is cut', 'the connection is closed'])('a drop trace over SSH is removed when %s', async (how) => {
  requireRoot('a drop trace');
  const sshd = await startSshd();
  try {
    const transport = await connectSsh(requestFor(sshd));
    const name = `s${process.pid}x${randomBytes(4).toString('hex')}`;
    const trace = await startDropTrace(transport, { seconds: 60, name: () => name });
    expect(trace.begun.state).toBe('ok');
    expect(instances()).toContain(`droplens-${name}`);
    const [connection] = await sshd.connections();
    if (how === 'the connection is cut') process.kill(connection ?? 0, 'SIGKILL');
    else await transport.dispose();
    await until('the instance is gone', () => !instances().includes(`droplens-${name}`));
    expect((await trace.stop()).state).toBe('unreadable');
    await transport.dispose();
  } finally {
    await sshd.stop();
  }
});
