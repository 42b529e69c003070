import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ResolvedHost } from '../../src/collect/ssh/config/resolvedHost.js';
import { connectSsh, fileHostKeyStore } from '../../src/collect/ssh/entry.js';
import { planRoute } from '../../src/collect/ssh/proxyJump.js';
import { parseJumps } from '../../src/collect/ssh/config/jumps.js';
import type { SshRequest, SshTransport } from '../../src/collect/ssh/types.js';
import { makeKey, startSshd, type TestSshd } from './sshd.js';
import { machineAt, outcomeOf, requestFor, ScriptedAsker } from './support.js';

describe('a ProxyJump list', () => {
  const jump = (host: string, user?: string, port?: number) => ({ host, user, port });
  it.each([
    ['none', []],
    ['a', [jump('a')]],
    ['a,b', [jump('a'), jump('b')]],
    ['ann@a:22,ssh://bob@b:2222/', [jump('a', 'ann', 22), jump('b', 'bob', 2222)]],
    ['[::1]', [jump('::1')]],
    ['ann@[fe80::1%eth0]:44', [jump('fe80::1%eth0', 'ann', 44)]],
    ['[10.0.0.1]:33', [jump('10.0.0.1', undefined, 33)]],
    ['b@c@d:3', [jump('d', 'b@c', 3)]],
    ['ssh://a%40b@host', [jump('host', 'a@b')]],
    ['"a,b"', [jump('a'), jump('b')]],
  ])('is read: %s', (text, expected) => {
    expect(parseJumps(text)).toEqual(expected);
  });

  it.each(['', 'a,', ',a', 'a, b', '::1', '-oProxyCommand=x', 'a,-x', '-x@a', '@a', 'a:0', 'a:65536', 'a:b', '[::1', 'ssh://', '[-x]', 'a b', 'ssh://%zz@a'])(
    'is refused: %j',
    (text) => {
      expect(parseJumps(text)).toBeUndefined();
    },
  );
});

describe('the way to a host', () => {
  /** Hosts by name; the value is their ProxyJump. */
  const plan = (jumps: Record<string, string>, host: string): Promise<string> =>
    planRoute({ host }, (wish) => {
      const list = parseJumps(jumps[wish.host] ?? 'none') ?? [];
      const resolved = {
        alias: wish.host,
        user: wish.user ?? 'me',
        port: wish.port ?? 22,
        proxy: list.length === 0 ? { kind: 'direct' } : { kind: 'jump', jumps: list },
        runs: [],
      };
      return Promise.resolve(resolved as unknown as ResolvedHost);
    }).then(({ hops, target }) => [...hops, target].map(({ alias, user, port }) => `${user}@${alias}:${port}`).join(' '));

  it('is that of ssh', async () => {
    expect(await plan({}, 'web')).toBe('me@web:22');
    expect(await plan({ web: 'a,ann@b:7' }, 'web')).toBe('me@a:22 ann@b:7 me@web:22');
    // The first one is reached as its own configuration says, the others through the one before them.
    expect(await plan({ web: 'a,b', a: 'x,y', x: 'z', b: 'not-used', y: 'not-used' }, 'web')).toBe('me@z:22 me@x:22 me@y:22 me@a:22 me@b:22 me@web:22');
  });

  it.each([
    [{ web: 'web' }, 'me@web:22 → me@web:22'],
    [{ web: 'a', a: 'b', b: 'A', A: 'b' }, 'me@web:22 → me@a:22 → me@b:22 → me@a:22'],
  ])('does not lead in a circle: %j', async (jumps, names) => {
    await expect(plan(jumps, 'web')).rejects.toMatchObject({ reason: 'unsupported', message: `The jump hosts of web lead in a circle: ${names}.` });
  });

  it('is not endless', async () => {
    await expect(plan({ web: 'a,b,c,d,e,f,g,h,i' }, 'web')).rejects.toMatchObject({ message: 'web is behind more than 8 jump hosts.' });
    const chain = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`h${index}`, `h${index + 1}`]));
    await expect(plan(chain, 'h0')).rejects.toMatchObject({ message: 'h0 is behind more than 8 jump hosts.' });
  });
});

describe('through real jump hosts', () => {
  let first: TestSshd;
  let second: TestSshd;
  let target: TestSshd;
  let config: string;
  let known: string;
  let stores = 0;
  const open: SshTransport[] = [];

  beforeAll(async () => {
    [first, second, target] = await Promise.all([startSshd(), startSshd(), startSshd()]);
    config = join(target.folder, 'jump_config');
    known = join(target.folder, 'jump_known');
  });
  afterEach(async () => {
    for (const transport of open.splice(0)) await transport.dispose();
  });
  afterAll(async () => {
    await Promise.all([first, second, target].map((sshd) => sshd.stop()));
  });

  const block = (name: string, sshd: TestSshd, ...more: string[]): string =>
    [`Host ${name}`, '  HostName 127.0.0.1', `  Port ${sshd.port}`, `  User ${sshd.user}`, `  IdentityFile ${sshd.clientKey}`, `  UserKnownHostsFile ${known}`, ...more.map((line) => `  ${line}`), ''].join('\n');
  const record = (sshd: TestSshd, key = sshd.hostKeys[0]): string => `[127.0.0.1]:${sshd.port} ${key}\n`;
  /** Writes the configuration and the record, and answers a request for the target. */
  const setUp = async (lines: readonly string[], over: Partial<SshRequest> = {}): Promise<SshRequest> => {
    await writeFile(config, lines.join('\n'));
    await writeFile(known, [first, second, target].map((sshd) => record(sshd)).join(''));
    // A store of its own: what one test trusts is not known to the next one.
    const ownStore = fileHostKeyStore(join(target.folder, `keys-${stores++}.json`));
    return requestFor(target, { host: 'target', machine: machineAt(target.home, { configFile: config }), ownStore, ...over });
  };
  const connect = async (request: SshRequest): Promise<SshTransport> => {
    const transport = await connectSsh(request);
    open.push(transport);
    return transport;
  };
  const hello = async (transport: SshTransport): Promise<string> => (await outcomeOf(await transport.spawn(['echo', 'hello']))).out;
  const accepted = (sshd: TestSshd): number => sshd.log().match(/Accepted publickey/g)?.length ?? 0;
  const begun = (sshd: TestSshd): number => sshd.log().match(/Connection from/g)?.length ?? 0;

  it.each([
    ['one', 'ProxyJump first', ['first']],
    ['two in a list', 'ProxyJump first,second', ['first', 'second']],
    ['the first of which has one of its own', 'ProxyJump second', ['first', 'second']],
  ])('reaches a host through %s', async (_name, jump, hops) => {
    const lines = [block('first', first), block('second', second, 'ProxyJump first'), block('target', target, jump)];
    const before = [accepted(first), accepted(second), accepted(target)];
    const transport = await connect(await setUp(lines));
    expect(transport.backend).toEqual({ client: 'ssh2' });
    expect(await hello(transport)).toBe('hello\n');
    const after = [accepted(first), accepted(second), accepted(target)];
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([hops.includes('first') ? 1 : 0, hops.includes('second') ? 1 : 0, 1]);
    // Everything on the way ends with the connection.
    await transport.dispose();
    for (const sshd of [first, second, target]) await expect.poll(() => sshd.connections()).toEqual([]);
  });

  it('asks ssh about every host on the way', async () => {
    const lines = [block('first', first), block('second', second), block('target', target, 'ProxyJump first,second')];
    const env = new Map(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
    const request = await setUp(lines, { machine: machineAt(target.home, { configFile: config, sshProgram: 'ssh', env }) });
    expect(await hello(await connect(request))).toBe('hello\n');
  });

  it('reaches the first jump host as its own configuration says', async () => {
    const pipe = `${process.execPath} -e "const s = require('net').connect(%p, '%h'); process.stdin.pipe(s).pipe(process.stdout)"`;
    const lines = [block('first', first, `ProxyCommand ${pipe}`), block('second', second, 'ProxyCommand false'), block('target', target, 'ProxyJump first,second')];
    const request = await setUp(lines);
    const transport = await connect(request);
    expect(await hello(transport)).toBe('hello\n');
    await transport.dispose();
    for (const sshd of [first, second, target]) await expect.poll(() => sshd.connections()).toEqual([]);
    // What may not run for the target may not run for a hop.
    await expect(connectSsh({ ...request, mayRunPrograms: false })).rejects.toMatchObject({ reason: 'unsupported', message: expect.stringContaining('ProxyCommand') as string });
  });

  it.each([undefined, 'ssh'])('refuses a jump host that is its own jump host (program: %s)', async (sshProgram) => {
    const request = await setUp([block('first', first), block('target', target), 'Host *', '  ProxyJump first', '']);
    const env = new Map([['PATH', process.env['PATH'] ?? '']]);
    await expect(connectSsh({ ...request, machine: { ...request.machine, sshProgram, env } })).rejects.toMatchObject({ reason: 'unsupported' });
  });

  it('names the jump host in the question about its key, and asks nothing of what lies behind it', async () => {
    const request = await setUp([block('first', first), block('second', second), block('target', target, 'ProxyJump first,second')]);
    await writeFile(known, record(first));
    const asker = new ScriptedAsker(false);
    const before = [accepted(second), begun(target)];
    await expect(connectSsh({ ...request, asker })).rejects.toMatchObject({
      reason: 'host-key-refused',
      message: expect.stringMatching(/^target is reached through second: /) as string,
    });
    expect(asker.hostKeys).toMatchObject([{ hop: 'second', host: `[127.0.0.1]:${second.port}` }]);
    expect([accepted(second), begun(target)]).toEqual(before);
    await expect.poll(() => first.connections()).toEqual([]);
  });

  it('asks about each unknown key on the way, the target last', async () => {
    const request = await setUp([block('first', first), block('target', target, 'ProxyJump first')]);
    await writeFile(known, '');
    const asker = new ScriptedAsker(true);
    expect(await hello(await connect({ ...request, asker }))).toBe('hello\n');
    expect(asker.hostKeys.map(({ hop }) => hop)).toEqual(['first', null]);
  });

  it('refuses a jump host whose key has changed before it authenticates there', async () => {
    const other = (await readFile(`${await makeKey(join(target.folder, 'other'), 'ed25519')}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    const request = await setUp([block('first', first), block('second', second), block('target', target, 'ProxyJump first,second')]);
    await writeFile(known, record(first) + record(second, other) + record(target));
    const asker = new ScriptedAsker(true);
    const before = [accepted(first), accepted(second), begun(target)];
    await expect(connectSsh({ ...request, asker })).rejects.toMatchObject({ reason: 'host-key-changed', message: expect.stringContaining('second') as string });
    expect(asker.hostKeys).toEqual([]);
    expect([accepted(first), accepted(second), begun(target)]).toEqual([(before[0] ?? 0) + 1, before[1], before[2]]);
    await expect.poll(() => first.connections()).toEqual([]);
  });

  it('never asks about a jump host in the background', async () => {
    const request = await setUp([block('first', first), block('target', target, 'ProxyJump first')], { interactive: false });
    await writeFile(known, record(target));
    const asker = new ScriptedAsker(true);
    await expect(connectSsh({ ...request, asker })).rejects.toMatchObject({ reason: 'host-key-unknown', message: expect.stringContaining('first') as string });
    expect(asker.hostKeys).toEqual([]);
  });

  it('says which jump host does not let it in', async () => {
    const key = await makeKey(join(target.folder, 'stranger'), 'ed25519');
    const request = await setUp([block('first', first).replace(first.clientKey, key), block('target', target, 'ProxyJump first')], { interactive: false });
    await expect(connectSsh(request)).rejects.toMatchObject({
      reason: 'authentication',
      message: expect.stringMatching(/^target is reached through first: first \(127\.0\.0\.1\) did not let/) as string,
    });
  });

  it('says that a jump host cannot go on', async () => {
    const request = await setUp([block('first', first), block('target', target, 'ProxyJump first').replace(`Port ${target.port}`, 'Port 1')]);
    await expect(connectSsh(request)).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringMatching(/^The jump host first could not connect to 127\.0\.0\.1:1/) as string,
    });
    await expect.poll(() => first.connections()).toEqual([]);
  });

  it('says that a jump host forbids it', async () => {
    const strict = await startSshd({ config: ['AllowTcpForwarding no'] });
    try {
      const request = await setUp([block('strict', strict), block('target', target, 'ProxyJump strict')]);
      await writeFile(known, record(strict) + record(target));
      await expect(connectSsh(request)).rejects.toMatchObject({ reason: 'not-permitted', message: `The jump host strict does not allow connections to 127.0.0.1:${target.port}.` });
    } finally {
      await strict.stop();
    }
  });

  it('loses the connection with a jump host, and says so', async () => {
    const transport = await connect(await setUp([block('first', first), block('second', second), block('target', target, 'ProxyJump first,second')]));
    const [pid] = await first.connections();
    process.kill(pid ?? 0, 'SIGKILL');
    const lost = await transport.lost;
    expect(lost).toMatchObject({ reason: 'lost', message: 'The connection to target was lost, because the one to the jump host second was.' });
    await expect(transport.spawn(['true'])).rejects.toMatchObject({ reason: 'lost' });
    for (const sshd of [first, second, target]) await expect.poll(() => sshd.connections(), { timeout: 5_000 }).toEqual([]);
  });

  it('notices a jump host that is silent', async () => {
    const lines = [block('first', first, 'ServerAliveInterval 1', 'ServerAliveCountMax 1'), block('target', target, 'ProxyJump first')];
    const transport = await connect(await setUp(lines));
    const pids = await first.connections();
    const frozen = (await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')))).join(' ').split(' ').filter((word) => word !== '').map(Number);
    for (const pid of [...pids, ...frozen]) process.kill(pid, 'SIGSTOP');
    try {
      expect(await transport.lost).toMatchObject({ reason: 'lost', message: expect.stringContaining('first') as string });
    } finally {
      for (const pid of [...pids, ...frozen]) process.kill(pid, 'SIGCONT');
    }
  });

  it('ends a connection through a silent jump host', async () => {
    const transport = await connect(await setUp([block('first', first), block('target', target, 'ProxyJump first')]));
    const pids = await first.connections();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      await transport.dispose();
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    await expect.poll(() => first.connections()).toEqual([]);
  });

  it('stops on the way when it is cancelled', async () => {
    const request = await setUp([block('first', first), block('target', target, 'ProxyJump first')]);
    await writeFile(known, record(first));
    const stop = new AbortController();
    const asker = { hostKey: () => new Promise<boolean>(() => stop.abort()), secret: () => Promise.resolve(undefined) };
    await expect(connectSsh({ ...request, asker, signal: stop.signal })).rejects.toMatchObject({ reason: 'cancelled' });
    for (const sshd of [first, target]) await expect.poll(() => sshd.connections()).toEqual([]);
  });

  it('never lends its agent or keys to a jump host', async () => {
    const lines = [block('first', first, 'ForwardAgent yes'), block('target', target, 'ProxyJump first', 'ForwardAgent yes')];
    const transport = await connect(await setUp(lines));
    const { out } = await outcomeOf(await transport.spawn(['sh', '-c', 'echo "agent=$SSH_AUTH_SOCK"']));
    expect(out).toBe('agent=\n');
  });
});
