import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSession } from '../../src/collect/session.js';
import type { SshTransport } from '../../src/collect/ssh/types.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { TestSshd } from './sshd.js';
import { outcomeOf } from './support.js';
import { connectBySystem, makeRuntimeFolder, running, runs, startSystemSshd, systemRequest, type RuntimeFolder } from './systemSupport.js';

let runtime: RuntimeFolder;
beforeAll(async () => {
  runtime = await makeRuntimeFolder();
});
afterAll(() => runtime.remove());

describe('programs over the system’s ssh', () => {
  let sshd: TestSshd;
  let transport: SshTransport;
  beforeAll(async () => {
    sshd = await startSystemSshd();
    transport = await connectBySystem(systemRequest(sshd, runtime));
  });
  afterAll(async () => {
    await transport.dispose();
    await sshd.stop();
  });

  it('says which program it is, and why', () => {
    expect(transport.backend).toEqual({ client: 'system', why: 'a test' });
  });

  it('passes arguments as they are and reports the exit status', async () => {
    const odd = ['sh', '-c', 'printf "%s|" "$@"; echo to-stderr >&2; exit 7', 'sh', '$(reboot)', "it's", 'a b', ''];
    expect(await outcomeOf(await transport.spawn(odd))).toEqual({ out: "$(reboot)|it's|a b||", err: 'to-stderr\n', exit: 7 });
  });

  it('tells a status of 255 from a lost connection', async () => {
    expect((await outcomeOf(await transport.spawn(['sh', '-c', 'exit 255']))).exit).toBe(255);
    expect((await outcomeOf(await transport.spawn(['true']))).exit).toBe(0);
  });

  it('has no status for a program that a signal ended', async () => {
    expect((await outcomeOf(await transport.spawn(['sh', '-c', 'kill -9 $$']))).exit).toBe(null);
  });

  it('holds a program whose output is not read, and loses nothing of it', async () => {
    // 8 MiB: more than the window and all pipes on the way together.
    const script = 'head -c 8388608 /dev/zero; echo done >&2';
    const process = await transport.spawn(['sh', '-c', script]);
    let told = '';
    const errors = (async () => {
      for await (const chunk of process.stderr) told += Buffer.from(chunk).toString();
    })();
    let size = 0;
    let first = true;
    for await (const chunk of process.stdout) {
      if (first) {
        // While nothing is taken, another program on the same connection works, and this one stands still.
        for (let round = 0; round < 5; round++) expect((await outcomeOf(await transport.spawn(['echo', 'x']))).out).toBe('x\n');
        expect(told).toBe('');
        first = false;
      }
      size += chunk.length;
    }
    await errors;
    expect([size, told, await process.exit]).toEqual([8 * 1024 * 1024, 'done\n', 0]);
  });

  it('ends a program that only prints, read or not', async () => {
    const process = await transport.spawn(['yes', 'to-the-reader']);
    for await (const chunk of process.stdout) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    process.kill();
    process.kill();
    expect(await process.exit).toBe(null);
    await expect(process.write('late')).rejects.toMatchObject({ reason: 'lost' });
    const unread = await transport.spawn(['yes', 'to-nobody']);
    unread.kill();
    expect(await unread.exit).toBe(null);
    await vi.waitFor(() => expect([...running('yes to-the-reader'), ...running('yes to-nobody')]).toEqual([]), { timeout: 5_000 });
  });

  it('kills a program whose output nobody has read after its end', async () => {
    const process = await transport.spawn(['echo', 'unread']);
    await outcomeOf(await transport.spawn(['true']));
    process.kill();
    await process.exit;
  });

  it('does not wait for a program that outlives its channel', async () => {
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
  });

  it('runs the probe', async () => {
    const session = await openSession(transport, { host: 'test', parserFor });
    const sample = await session.sample(new Set(['fast', 'medium', 'slow']));
    expect(sample.readings.size).toBeGreaterThan(10);
    expect(session.host.kernel).not.toBe('');
    await session.close();
  });

  it('gives a terminal with its size, and passes on a change of it', async () => {
    const terminal = await transport.openTerminal({ columns: 91, rows: 33 });
    let text = '';
    terminal.onData((chunk) => {
      text += chunk;
    });
    terminal.write('stty size; tty\n');
    await vi.waitFor(() => expect(text).toMatch(/33 91[\s\S]*\/dev\/pts/), { timeout: 5_000 });
    terminal.resize({ columns: 120, rows: 40 });
    terminal.write('stty size; exit 4\n');
    expect(await terminal.exit).toBe(4);
    expect(text).toContain('40 120');
    const closed = await transport.openTerminal({ columns: 80, rows: 25 });
    closed.close();
    expect(await closed.exit).toBe(null);
  });
});

describe('a server with narrow limits', () => {
  let sshd: TestSshd;
  let transport: SshTransport;
  beforeAll(async () => {
    sshd = await startSystemSshd({ config: ['MaxSessions 3', 'RekeyLimit 300K'] });
    transport = await connectBySystem(systemRequest(sshd, runtime));
  });
  afterAll(async () => {
    await transport.dispose();
    await sshd.stop();
  });

  it('carries a megabyte both ways, while the keys are exchanged anew', async () => {
    const process = await transport.spawn(['cat']);
    const block = 'packet loss — '.repeat(1000);
    const writing = (async () => {
      for (let index = 0; index < 70; index++) await process.write(block);
      process.end();
    })();
    const { out, exit } = await outcomeOf(process);
    await writing;
    expect(out === block.repeat(70)).toBe(true);
    expect(exit).toBe(0);
  });

  it('waits for a place where the server allows fewer sessions, and says so when there is none', async () => {
    const holding = await Promise.all([1, 2, 3].map(() => transport.spawn(['cat'])));
    const waiting = transport.spawn(['echo', 'after']);
    holding[0]?.end();
    expect((await outcomeOf(await waiting)).out).toBe('after\n');
    for (const process of holding) process.kill();
    await Promise.all(holding.map((process) => process.exit));
  });
});

describe('the end of a connection', () => {
  let sshd: TestSshd;
  beforeAll(async () => {
    sshd = await startSystemSshd();
  });
  afterAll(() => sshd.stop());
  afterEach(() => vi.waitFor(() => expect([...runtime.left(), ...running(runtime.path)]).toEqual([]), { timeout: 3_000 }));

  it('leaves nothing after dispose, and ends what ran', async () => {
    const transport = await connectBySystem(systemRequest(sshd, runtime));
    expect(runtime.left()).toHaveLength(1);
    const process = await transport.spawn(['sh', '-c', 'echo $$; exec cat']);
    const remote = Number(await firstText(process.stdout));
    expect(runs(remote)).toBe(true);
    await transport.dispose();
    await transport.dispose();
    expect(await process.exit).toBe(null);
    await vi.waitFor(() => expect(runs(remote)).toBe(false), { timeout: 5_000 });
    await expect(transport.spawn(['true'])).rejects.toMatchObject({ reason: 'lost' });
    await vi.waitFor(async () => expect(await sshd.connections()).toEqual([]), { timeout: 5_000 });
  });

  it('keeps two connections apart', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => connectBySystem(systemRequest(sshd, runtime))));
    if (one === undefined || two === undefined) throw new Error('two connections');
    await one.dispose();
    expect((await outcomeOf(await two.spawn(['echo', 'still']))).out).toBe('still\n');
    await two.dispose();
  });

  it('tells that the connection was lost, to everybody who waits', async () => {
    const transport = await connectBySystem(systemRequest(sshd, runtime));
    const process = await transport.spawn(['cat']);
    const reading = outcomeOf(process);
    for (const pid of await sshd.connections()) globalThis.process.kill(pid, 'SIGKILL');
    expect(await transport.lost).toMatchObject({ name: 'TransportError', reason: 'lost', message: 'The connection to droplens-sshd was lost.' });
    expect(await reading).toEqual({ out: '', err: '', exit: null });
    await expect(process.write('x')).rejects.toMatchObject({ reason: 'lost' });
    await expect(transport.spawn(['true'])).rejects.toMatchObject({ reason: 'lost' });
    await transport.dispose();
  });

  it('notices a host that has gone silent', async () => {
    const config = join(sshd.folder, 'impatient');
    await writeFile(config, `ServerAliveInterval 1\nServerAliveCountMax 1\nInclude ${join(sshd.home, '.ssh/config')}\n`);
    const request = systemRequest(sshd, runtime);
    const transport = await connectBySystem({ ...request, machine: { ...request.machine, configFile: config } });
    await outcomeOf(await transport.spawn(['true']));
    await vi.waitFor(async () => expect(await sshd.connections()).toHaveLength(1), { timeout: 5_000 });
    const frozen = (await sshd.connections()).flatMap((pid) => [pid, ...childrenOf(pid)]);
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    try {
      expect(await transport.lost).toMatchObject({ reason: 'lost', message: /did not answer for 2 s/ });
    } finally {
      for (const pid of frozen) process.kill(pid, 'SIGCONT');
    }
    await transport.dispose();
  });

  it('notices when its ssh is killed', async () => {
    const transport = await connectBySystem(systemRequest(sshd, runtime));
    for (const pid of running(`-S ${runtime.path}`).filter((one) => commandOf(one).startsWith('ssh '))) process.kill(pid, 'SIGKILL');
    expect(await transport.lost).toMatchObject({ reason: 'lost' });
    await transport.dispose();
  });
});

async function firstText(stream: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const chunk of stream) return Buffer.from(chunk).toString();
  throw new Error('no output');
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter((word) => word !== '').map(Number);
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
}
