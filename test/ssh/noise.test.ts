import { describe, expect, it } from 'vitest';
import { runScript } from '../../src/collect/run.js';
import { openSession } from '../../src/collect/session.js';
import { connectSsh } from '../../src/collect/ssh/entry.js';
import type { SshTransport } from '../../src/collect/ssh/types.js';
import { english } from '../../src/core/message.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Tier } from '../../src/core/sources.js';
import { startSshdWithAccount, type AccountOptions } from './account.js';
import { outcomeOf, requestFor } from './support.js';

const ALL: ReadonlySet<Tier> = new Set(['fast', 'medium', 'slow']);

/** 100 kB on the output that look like frames, words without a newline, and words on the error output. */
const NOISE = [
  `yes 'droplens:00000000000000000000000000000000 begin 0' | head -c 100000`,
  `printf 'Welcome!\\r\\n==> /proc/net/snmp <==\\nno newline'`,
  `sh -c 'echo oops >&2'`,
].join('\n');

async function over(options: AccountOptions, check: (transport: SshTransport) => Promise<void>): Promise<void> {
  const sshd = await startSshdWithAccount(options);
  try {
    const transport = await connectSsh(requestFor(sshd));
    try {
      await check(transport);
    } finally {
      await transport.dispose();
    }
  } finally {
    await sshd.stop();
  }
}

/** A probe that reads everything but what `poor` names, and a command that gives its output and nothing else. */
async function works(transport: SshTransport, poor: readonly string[] = []): Promise<void> {
  const session = await openSession(transport, { host: 'noise', parserFor });
  for (let round = 0; round < 3; round++) {
    const sample = await session.sample(ALL);
    const failed = [...sample.readings].flatMap(([id, reading]) =>
      reading.state === 'unreadable' && ['garbled', 'failed'].includes(reading.reason) && !poor.includes(id) ? [`${id}: ${english(reading.why)}`] : [],
    );
    expect(failed).toEqual([]);
    expect(sample.readings.get('snmp')?.state).toBe('ok');
  }
  await session.close();
  const outcome = await runScript(transport, { script: `printf '%s' "$A"; exit 3`, env: new Map([['A', "it's\n!x"]]), timeoutSeconds: 20 });
  expect(outcome).toMatchObject({ kind: 'done', exit: 3, output: "it's\n!x", truncated: false });
}

describe('what a host says of its own accord', () => {
  it.each([
    ['bash', '/bin/bash', '.bashrc', `${NOISE}\nset -x\nshopt -s expand_aliases\nalias sh='echo tampered'\ntrap "${"head -c 100000 /dev/zero | tr '\\0' z; echo"}" EXIT`],
    ['zsh', '/bin/zsh', '.zshenv', `${NOISE}\nsetopt xtrace\nalias sh='echo tampered'\nalias -g sh='echo tampered'\ntrap 'echo bye' EXIT`],
    ['tcsh', '/bin/tcsh', '.tcshrc', `${NOISE}\nalias sh 'echo tampered'\nset echo\nset verbose`],
    ['csh', '/bin/bsd-csh', '.cshrc', `${NOISE}\nalias sh 'echo tampered'\nset echo`],
    ['fish', '/usr/bin/fish', '.config/fish/config.fish', `${NOISE}\nfunction on_exit --on-event fish_exit; echo bye; end\nset -x LC_ALL de_DE.UTF-8`],
  ])('does not get in the way, in the start-up file of %s', async (_name, shell, file, text) => {
    await over({ shell, files: { [file]: text } }, async (transport) => {
      // The noise is there, or this would show nothing.
      const { out, err } = await outcomeOf(await transport.spawn(['echo', 'real']));
      expect(out).toContain(`droplens:${'0'.repeat(32)} begin 0\n`);
      expect(out).toMatch(/no newlinereal\n/);
      expect(out.length).toBeGreaterThan(100_000);
      expect(err).toContain('oops');
      await works(transport);
    });
  });

  it('does not get in the way where the start-up file goes on to another shell that reads its input', async () => {
    for (const other of ['bash', 'dash', 'zsh']) {
      await over({ shell: '/bin/bash', files: { '.bashrc': `echo hello\nexec ${other}` } }, async (transport) => {
        const session = await openSession(transport, { host: 'noise', parserFor });
        expect((await session.sample(ALL)).readings.get('snmp')?.state).toBe('ok');
        await session.close();
      });
    }
  });

  it('is told where the start-up file goes on to a shell that cannot read the probe', async () => {
    await over({ shell: '/bin/bash', files: { '.bashrc': 'exec fish' } }, async (transport) => {
      await expect(openSession(transport, { host: 'web-1', parserFor, helloSeconds: 5 })).rejects.toMatchObject({
        message: expect.stringMatching(/^web-1 did not (run a shell for|start) the probe/),
        how: expect.stringContaining('POSIX shell (sh)'),
      });
    });
  });

  it('does not get in the way as a banner, in the environment, or in another language', async () => {
    const environment = ['LC_ALL=de_DE.UTF-8', 'LANGUAGE=de', 'TMOUT=2', 'IFS=aeiou', 'SHELLOPTS=xtrace:nounset:errexit', 'BASH_ENV=/etc/shells', 'ENV=/etc/shells'];
    await over({ shell: '/bin/bash', config: ['Banner /etc/services', `SetEnv ${environment.map((one) => `"${one}"`).join(' ')}`] }, works);
  });
});

describe('a host that lacks something', () => {
  it('has no ss, tc, ethtool: each is said to be missing, and the rest is read', async () => {
    const mounts = 'for tool in ss tc ethtool ip conntrack; do found=$(command -v "$tool") && mount --bind "$1/nothing" "$(readlink -f "$found")"; done';
    await over({ shell: '/bin/bash', mounts: `: >"$1/nothing"\n${mounts}` }, async (transport) => {
      const session = await openSession(transport, { host: 'bare', parserFor });
      const sample = await session.sample(ALL);
      const missing = [...sample.readings].flatMap(([, reading]) => (reading.state === 'unreadable' && reading.reason === 'no-tool' ? [english(reading.why)] : []));
      for (const tool of ['ss', 'tc', 'ethtool']) expect(missing).toContain(`${tool} is not installed.`);
      for (const id of ['netstat', 'snmp', 'proc_tcp', 'sysfs'] as const) expect([id, sample.readings.get(id)?.state]).toEqual([id, 'ok']);
      await session.close();
      expect(await runScript(transport, { script: 'echo works', env: new Map(), timeoutSeconds: 20 })).toMatchObject({ output: 'works\n' });
    });
  });

  it('has a file system that cannot be written, and nothing else than busybox', async () => {
    // sshd's sessions go in by chroot, which sshd allows only below folders that nobody else can write.
    const mounts = `
      root=/mnt/root
      mount -t tmpfs -o mode=755 tmpfs /mnt
      mkdir -p $root/bin $root/tmp $root/etc
      cp "$(command -v busybox)" $root/bin/busybox
      for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
      for folder in lib lib64 usr/lib dev proc sys; do
        if [ -e "/$folder" ]; then mkdir -p "$root/$folder"; mount --rbind "/$folder" "$root/$folder"; fi
      done
      echo 'root:x:0:0:root:/:/bin/sh' >$root/etc/passwd
      mount --rbind $root $root
      mount -o remount,bind,ro $root`;
    const config = ['SetEnv PATH=/bin', 'ChrootDirectory /mnt/root'];
    await over({ shell: '/bin/sh', mounts, config }, async (transport) => {
      const written = await outcomeOf(await transport.spawn(['sh', '-c', 'readlink /bin/tail; echo x >/tmp/x || echo x >/x || echo read-only']));
      expect(written.out).toBe('busybox\nread-only\n');
      // Its own ip prints no JSON.
      await works(transport, ['ip_link', 'routes']);
    });
  });

  it('has a full disk and a /tmp that takes nothing', async () => {
    // The server's own folder stays where it is; around it everything is full.
    const mounts = `
      mount -t tmpfs tmpfs /mnt
      mkdir /mnt/kept
      mount --bind "$1" /mnt/kept
      for folder in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o size=64k tmpfs "$folder"; done
      mkdir -p "$1"
      mount --bind /mnt/kept "$1"
      for folder in /tmp /var/tmp /dev/shm; do cat /dev/zero >"$folder/full" 2>/dev/null || true; done`;
    await over({ shell: '/bin/bash', mounts }, async (transport) => {
      const written = await outcomeOf(await transport.spawn(['sh', '-c', 'echo x >/tmp/x || echo full']));
      expect(written.out).toBe('full\n');
      await works(transport);
    });
  });
});
