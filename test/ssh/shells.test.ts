import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runScript } from '../../src/collect/run.js';
import { openSession } from '../../src/collect/session.js';
import { connectSsh } from '../../src/collect/ssh/entry.js';
import type { SshTransport } from '../../src/collect/ssh/types.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Tier } from '../../src/core/sources.js';
import { LOGIN_SHELLS, startSshdWithAccount } from './account.js';
import type { TestSshd } from './sshd.js';
import { outcomeOf, requestFor } from './support.js';

const ALL: ReadonlySet<Tier> = new Set(['fast', 'medium', 'slow']);
const VALUE = `a'b"c$(echo no)\`d\`\\e!f!!\n\tg é 日本 {h,i} ~ * %1 $HOME ; & | > < # =j ^k^l`;

describe.each(LOGIN_SHELLS)('over an account whose shell is %s', (_name, path) => {
  let sshd: TestSshd;
  let transport: SshTransport;
  beforeAll(async () => {
    sshd = await startSshdWithAccount({ shell: path });
    transport = await connectSsh(requestFor(sshd));
  });
  afterAll(async () => {
    await transport.dispose();
    await sshd.stop();
  });

  it('is that shell that sshd starts', async () => {
    const { out } = await outcomeOf(await transport.spawn(['sh', '-c', 'echo "$SHELL"; readlink "/proc/$PPID/exe"']));
    expect(out.split('\n')[0]).toBe(path.replace('$1', sshd.folder));
  });

  it('the probe reads the host', async () => {
    const session = await openSession(transport, { host: 'shells', parserFor });
    const sample = await session.sample(ALL);
    for (const id of ['uptime', 'netstat', 'snmp', 'dev', 'softnet', 'sysfs'] as const) {
      expect([id, sample.readings.get(id)?.state]).toEqual([id, 'ok']);
    }
    expect((await session.sample(new Set(['fast']))).readings.get('snmp')?.state).toBe('ok');
    await session.close();
  });

  it('a command gets its parameters as they are', async () => {
    const script = `printf '%s' "$VALUE"; exit 7`;
    const outcome = await runScript(transport, { script, env: new Map([['VALUE', VALUE]]), timeoutSeconds: 20 });
    expect(outcome).toMatchObject({ kind: 'done', exit: 7, output: VALUE });
    expect(await outcomeOf(await transport.spawn(['printf', '%s', VALUE]))).toEqual({ out: VALUE, err: '', exit: 0 });
  });
});

describe('an account that gives no shell', () => {
  const said = async (shell: string, config: readonly string[] = []): Promise<unknown> => {
    const sshd = await startSshdWithAccount({ shell, config });
    try {
      const transport = await connectSsh(requestFor(sshd));
      try {
        const session = await openSession(transport, { host: 'web-1', parserFor, helloSeconds: 3 });
        await session.close();
        return 'connected';
      } catch (error) {
        return error;
      } finally {
        await transport.dispose();
      }
    } finally {
      await sshd.stop();
    }
  };

  it.each([
    ['nologin', '/usr/sbin/nologin', [], 'web-1 did not run a shell for the probe (exit status 1). It said: This account is currently not available.'],
    ['false', '/bin/false', [], 'web-1 did not run a shell for the probe (exit status 1).'],
    ['file transfer only', '/bin/bash', ['ForceCommand internal-sftp'], 'web-1 did not run a shell for the probe (exit status 1). It said: This service allows sftp connections only.'],
    ['one command', '/bin/bash', ['ForceCommand echo Backup done.'], 'web-1 did not run a shell for the probe (exit status 0). It said: Backup done.'],
    ['a restricted PATH', '/bin/rbash', ['SetEnv PATH=/nonexistent'], /^web-1 did not run a shell for the probe \(exit status 127\)\. It said: .*sh: command not found$/],
    ['one command that waits', '/bin/bash', ['ForceCommand echo Menu: 1 2 3; cat >/dev/null'], 'web-1 did not start the probe within 3 s. It said: Menu: 1 2 3'],
  ])('is reported with what the host said: %s', async (_what, shell, config, message) => {
    expect(await said(shell, config)).toMatchObject({
      reason: expect.stringMatching(/^(unsupported|timeout)$/),
      message: typeof message === 'string' ? message : expect.stringMatching(message),
      how: expect.stringContaining('POSIX shell (sh)'),
    });
  });
});
