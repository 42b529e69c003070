import { access, chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ResolvedHost } from '../../src/collect/ssh/config/resolvedHost.js';
import { connectSsh } from '../../src/collect/ssh/entry.js';
import { expandCommand } from '../../src/collect/ssh/proxyCommand.js';
import type { SshMachine, SshRequest, SshTransport } from '../../src/collect/ssh/types.js';
import { startSshd, type TestSshd } from './sshd.js';
import { machineAt, outcomeOf, requestFor } from './support.js';

describe('a ProxyCommand', () => {
  let sshd: TestSshd;
  let relay: string;
  let pids: string;
  const open: SshTransport[] = [];

  beforeAll(async () => {
    sshd = await startSshd();
    pids = join(sshd.folder, 'pids');
    // Carries bytes as `nc` does; notes its process number, and that of a child of its own.
    relay = join(sshd.folder, 'relay.mjs');
    await writeFile(
      relay,
      [
        "import { spawn } from 'node:child_process';",
        "import { appendFileSync } from 'node:fs';",
        "import { connect } from 'node:net';",
        'const [host, port, notes] = process.argv.slice(2);',
        "const child = spawn('sleep', ['600'], { stdio: 'ignore' });",
        'appendFileSync(notes, `${process.pid} ${child.pid}\\n`);',
        "process.stderr.write('relay is here\\n');",
        'const socket = connect(Number(port), host);',
        'process.stdin.pipe(socket).pipe(process.stdout);',
        "socket.on('error', (error) => { process.stderr.write(`relay: ${error.message}\\n`); child.kill(); process.exit(3); });",
        "socket.on('close', () => { child.kill(); process.exit(0); });",
        '',
      ].join('\n'),
    );
  });
  afterEach(async () => {
    for (const transport of open.splice(0)) await transport.dispose();
    await rm(pids, { force: true });
  });
  afterAll(() => sshd.stop());

  const machine = (over: Partial<SshMachine> = {}): SshMachine =>
    machineAt(sshd.home, { configFile: join(sshd.folder, 'proxy_config'), env: new Map([['PATH', process.env['PATH'] ?? '']]), ...over });
  const setUp = async (command: string, over: Partial<SshRequest> = {}): Promise<SshRequest> => {
    const config = ['Host web', `  HostName 127.0.0.1`, `  Port ${sshd.port}`, `  User ${sshd.user}`, `  IdentityFile ${sshd.clientKey}`, `  ProxyCommand ${command}`, ''];
    await writeFile(join(sshd.folder, 'proxy_config'), config.join('\n'));
    return requestFor(sshd, { host: 'web', machine: machine(), ...over });
  };
  const connect = async (request: SshRequest): Promise<SshTransport> => {
    const transport = await connectSsh(request);
    open.push(transport);
    return transport;
  };
  const started = async (): Promise<number[]> => (await readFile(pids, 'utf8')).trim().split(/\s+/).map(Number);
  const alive = (pid: number): Promise<boolean> => access(`/proc/${pid}`).then(() => true, () => false);
  const allGone = async (): Promise<void> => {
    for (const pid of await started()) await expect.poll(() => alive(pid), { timeout: 5_000 }).toBe(false);
  };

  it('carries the connection, and ends with it, with what it started', async () => {
    const transport = await connect(await setUp(`${process.execPath} ${relay} %h %p ${pids}`));
    const { out } = await outcomeOf(await transport.spawn(['echo', 'hello']));
    expect(out).toBe('hello\n');
    for (const pid of await started()) expect(await alive(pid)).toBe(true);
    await transport.dispose();
    await allGone();
    await expect.poll(() => sshd.connections()).toEqual([]);
  });

  it('carries a lot, both ways', async () => {
    const transport = await connect(await setUp(`${process.execPath} ${relay} %h %p ${pids}`));
    const { out } = await outcomeOf(await transport.spawn(['sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x']));
    expect(out.length).toBe(3_000_000);
  });

  it('is ended when its host proves to be another one, or the connection is cancelled', async () => {
    const request = await setUp(`${process.execPath} ${relay} %h %p ${pids}`, { interactive: false });
    const nothingKnown = await readFile(sshd.knownHosts, 'utf8');
    await writeFile(sshd.knownHosts, '');
    await rm(join(sshd.folder, 'hostkeys.json'), { force: true });
    try {
      await expect(connectSsh(request)).rejects.toMatchObject({ reason: 'host-key-unknown' });
      await allGone();
      const stop = new AbortController();
      const asker = { hostKey: () => new Promise<boolean>(() => stop.abort()), secret: () => Promise.resolve(undefined) };
      await expect(connectSsh({ ...request, interactive: true, asker, signal: stop.signal })).rejects.toMatchObject({ reason: 'cancelled' });
      await allGone();
    } finally {
      await writeFile(sshd.knownHosts, nothingKnown);
    }
  });

  it('is killed when it does not end by itself', async () => {
    const stubborn = join(sshd.folder, 'stubborn.sh');
    await writeFile(stubborn, `#!/bin/sh\ntrap '' HUP TERM\necho $$ >>${pids}\nwhile :; do sleep 1; done\n`);
    await chmod(stubborn, 0o755);
    const request = await setUp(stubborn);
    const config = join(sshd.folder, 'proxy_config');
    await writeFile(config, (await readFile(config, 'utf8')) + '  ConnectTimeout 1\n');
    await expect(connectSsh(request)).rejects.toMatchObject({ reason: 'timeout' });
    await allGone();
  });

  it('is the end of the connection when it ends, and says so', async () => {
    const transport = await connect(await setUp(`${process.execPath} ${relay} %h %p ${pids}`));
    const [pid, child] = await started();
    process.kill(pid ?? 0, 'SIGTERM');
    process.kill(child ?? 0, 'SIGTERM');
    expect(await transport.lost).toMatchObject({
      reason: 'lost',
      message: expect.stringMatching(/^The connection to web was lost: The ProxyCommand of web ended .*relay is here$/) as string,
    });
  });

  it.each([
    ['droplens-no-such-program %h', /^The ProxyCommand of web ended \(exit status 127\): .*not found/, /not installed/],
    ['sh -c "echo one >&2; echo two words >&2; exit 9"', /^The ProxyCommand of web ended \(exit status 9\): one · two words$/, /terminal/],
    ['true', /^The ProxyCommand of web ended \(exit status 0\) and said nothing\.$/, /terminal/],
    ['sh -c "printf \'\\033[31mred\\007\\n\' >&2; exit 1"', /exit status 1\): red$/, /terminal/],
  ])('explains what went wrong: %s', async (command, message, how) => {
    await expect(connectSsh(await setUp(command))).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringMatching(message) as string,
      how: expect.stringMatching(how) as string,
    });
  });

  it('is run by the shell of the person, and says when there is none', async () => {
    const shell = join(sshd.folder, 'shell');
    await writeFile(shell, `#!/bin/sh\nprintf '%s\\n' "$@" >${sshd.folder}/shell-got\nexit 1\n`);
    await chmod(shell, 0o755);
    const env = new Map([['PATH', process.env['PATH'] ?? ''], ['SHELL', shell]]);
    await expect(connectSsh(await setUp('nc "%h" %p', { machine: machine({ env }) }))).rejects.toMatchObject({ reason: 'unreachable' });
    expect(await readFile(join(sshd.folder, 'shell-got'), 'utf8')).toBe(`-c\nexec nc "127.0.0.1" ${sshd.port}\n`);
    const missing = new Map([['SHELL', '/nowhere/sh']]);
    await expect(connectSsh(await setUp('true', { machine: machine({ env: missing }) }))).rejects.toMatchObject({
      message: 'The ProxyCommand of web could not be started: there is no shell /nowhere/sh.',
    });
  });

  it('is not run where programs may not be run', async () => {
    const request = await setUp(`touch ${pids}`, { mayRunPrograms: false });
    await expect(connectSsh(request)).rejects.toMatchObject({
      reason: 'unsupported',
      message: 'The SSH configuration of web uses ProxyCommand, which runs a program on this machine.',
    });
    await expect(access(pids)).rejects.toThrow();
    // Neither by the system's ssh.
    const env = new Map([['PATH', process.env['PATH'] ?? '']]);
    await expect(connectSsh({ ...request, client: 'system', machine: machine({ sshProgram: 'ssh', env }) })).rejects.toMatchObject({ reason: 'unsupported' });
    await expect(access(pids)).rejects.toThrow();
  });

  it('has the tokens of ssh_config, and no others', () => {
    const host = { alias: 'web', hostName: '10.0.0.1', port: 23, user: 'ann' } as unknown as ResolvedHost;
    expect(expandCommand(host, 'x %h %n %p %r 100%%')).toBe('x 10.0.0.1 web 23 ann 100%');
    expect(() => expandCommand(host, 'x %d')).toThrow('ProxyCommand');
  });
});
