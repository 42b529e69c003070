import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSsh } from '../../src/collect/ssh/entry.js';
import type { SshTransport } from '../../src/collect/ssh/types.js';
import { startSshd, type TestSshd } from './sshd.js';
import { outcomeOf, requestFor } from './support.js';

describe('programs over a real sshd', () => {
  let sshd: TestSshd;
  let transport: SshTransport;
  beforeAll(async () => {
    sshd = await startSshd({ config: ['MaxSessions 3', 'RekeyLimit 300K'] });
    transport = await connectSsh(requestFor(sshd));
  });
  afterAll(async () => {
    await transport.dispose();
    await sshd.stop();
  });

  it('passes arguments as they are and reports the exit status', async () => {
    const odd = ['sh', '-c', 'printf "%s|" "$@"; echo to-stderr >&2; exit 7', 'sh', '$(reboot)', "it's", 'a b', ''];
    expect(await outcomeOf(await transport.spawn(odd))).toEqual({
      out: "$(reboot)|it's|a b||",
      err: 'to-stderr\n',
      exit: 7,
    });
  });

  it('reports the status of a program that ends at once', async () => {
    for (let round = 0; round < 20; round++) {
      expect((await outcomeOf(await transport.spawn(['true']))).exit).toBe(0);
    }
  });

  it('carries a megabyte both ways, while the keys are exchanged anew', async () => {
    const process = await transport.spawn(['cat']);
    const block = 'packet loss — '.repeat(1000);
    const sent = block.repeat(70);
    expect(Buffer.byteLength(sent)).toBeGreaterThan(1_000_000);
    const writing = (async () => {
      for (let index = 0; index < 70; index++) await process.write(block);
      process.end();
    })();
    const { out, exit } = await outcomeOf(process);
    await writing;
    expect(out === sent).toBe(true);
    expect(exit).toBe(0);
  });

  it('ends a program that only prints', async () => {
    const process = await transport.spawn(['yes']);
    for await (const chunk of process.stdout) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    process.kill();
    process.kill();
    expect(await process.exit).toBe(null);
    await expect(process.write('late')).rejects.toMatchObject({ reason: 'lost' });
  });

  it('ends a program whose output nobody reads', async () => {
    const process = await transport.spawn(['yes']);
    process.kill();
    expect(await process.exit).toBe(null);
  });

  it('does not wait for a program that outlives its channel', async () => {
    // A root login gets no signal from sshd, and this one neither reads nor writes.
    const process = await transport.spawn(['sleep', '7']);
    const reading = outcomeOf(process);
    process.kill();
    expect(await reading).toEqual({ out: '', err: '', exit: null });
  });

  it('ends a program when its signal is aborted', async () => {
    const abort = new AbortController();
    const process = await transport.spawn(['cat'], abort.signal);
    abort.abort();
    expect(await process.exit).toBe(null);
    await expect(transport.spawn(['true'], abort.signal)).rejects.toMatchObject({ reason: 'cancelled' });
  });

  it('waits for a place when the server allows fewer sessions', async () => {
    const started = await Promise.all(
      Array.from({ length: 7 }, async (_, index) => outcomeOf(await transport.spawn(['echo', String(index)]))),
    );
    expect(started.map(({ out }) => out)).toEqual(['0\n', '1\n', '2\n', '3\n', '4\n', '5\n', '6\n']);
  });

  it('opens a terminal that knows its size', async () => {
    const terminal = await transport.openTerminal({ columns: 91, rows: 33 });
    let text = '';
    const seen = (wanted: string): Promise<void> =>
      new Promise((resolve) => {
        terminal.onData((data) => {
          text += data;
          if (text.includes(wanted)) resolve();
        });
      });
    const first = seen('size:33 91');
    terminal.write('stty -echo; echo size:$(stty size)\n');
    await first;
    terminal.resize({ columns: 70, rows: 20 });
    const second = seen('size:20 70');
    terminal.write('echo size:$(stty size)\n');
    await second;
    terminal.write('exit 3\n');
    expect(await terminal.exit).toBe(3);
  });
});

it('says that the connection is lost when the server ends it', async () => {
  const sshd = await startSshd();
  try {
    const transport = await connectSsh(requestFor(sshd));
    const process_ = await transport.spawn(['cat']);
    const [connection] = await sshd.connections();
    process.kill(connection ?? 0, 'SIGKILL');
    expect(await transport.lost).toMatchObject({ reason: 'lost' });
    expect(await outcomeOf(process_)).toEqual({ out: '', err: '', exit: null });
    await expect(transport.spawn(['true'])).rejects.toMatchObject({ reason: 'lost' });
    await transport.dispose();
  } finally {
    await sshd.stop();
  }
});

it('leaves a server that has fallen silent, when asked to and by itself', async () => {
  const sshd = await startSshd();
  const stopped: number[] = [];
  const freeze = async (): Promise<void> => {
    for (const pid of await sshd.connections()) {
      process.kill(pid, 'SIGSTOP');
      stopped.push(pid);
    }
  };
  try {
    await appendFile(join(sshd.home, '.ssh/config'), '  ServerAliveInterval 1\n  ServerAliveCountMax 1\n');
    const transport = await connectSsh(requestFor(sshd));
    await freeze();
    expect(await transport.lost).toMatchObject({
      reason: 'lost',
      message: 'The connection to droplens-sshd was lost: the host did not answer for 2 s.',
    });
    const other = await connectSsh(requestFor(sshd));
    const process_ = await other.spawn(['cat']);
    await freeze();
    await other.dispose();
    expect(await outcomeOf(process_)).toEqual({ out: '', err: '', exit: null });
  } finally {
    for (const pid of stopped) process.kill(pid, 'SIGKILL');
    await sshd.stop();
  }
});

it('keeps a banner out of the output and passes on what a login shell prints', async () => {
  const sshd = await startSshd({ config: ['Banner /etc/os-release', `ForceCommand echo noise; exec sh -c "$SSH_ORIGINAL_COMMAND"`] });
  try {
    const transport = await connectSsh(requestFor(sshd));
    expect(await outcomeOf(await transport.spawn(['echo', 'real']))).toEqual({ out: 'noise\nreal\n', err: '', exit: 0 });
    await transport.dispose();
    await expect(transport.spawn(['true'])).rejects.toMatchObject({ reason: 'lost' });
  } finally {
    await sshd.stop();
  }
});
