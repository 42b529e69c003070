import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listSshHosts } from '../../src/collect/ssh/config/listHosts.js';
import { resolveHost, type HostWish, type ResolvedHost } from '../../src/collect/ssh/config/resolveHost.js';
import type { SshMachine } from '../../src/collect/ssh/types.js';
import { machineAt } from './support.js';

const run = promisify(execFile);

let home: string;
let machine: SshMachine;
const sources = () => [{ path: join(home, '.ssh/config'), folder: join(home, '.ssh') }];
const write = async (text: string, name = 'config'): Promise<void> => {
  const file = join(home, '.ssh', name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
};
const resolve = (wish: HostWish): Promise<ResolvedHost> => resolveHost(wish, machine, sources());

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'droplens-config-'));
  machine = machineAt(home, { userName: 'ann', env: new Map([['KEYS', '/keys']]), agentSocket: '/agent' });
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('resolving a host', () => {
  it('has the defaults of ssh', async () => {
    expect(await resolve({ host: 'web' })).toEqual({
      alias: 'web',
      hostName: 'web',
      port: 22,
      user: 'ann',
      family: 'any',
      identityFiles: [],
      defaultIdentityFiles: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(home, '.ssh', name)),
      identitiesOnly: false,
      agentSocket: '/agent',
      knownHostsFiles: [
        join(home, '.ssh/known_hosts'),
        join(home, '.ssh/known_hosts2'),
        '/etc/ssh/ssh_known_hosts',
        '/etc/ssh/ssh_known_hosts2',
      ],
      hostKeyAlias: undefined,
      strictHostKeyChecking: 'ask',
      methods: ['publickey', 'keyboard-interactive', 'password'],
      passwordPrompts: 3,
      batchMode: false,
      connectTimeoutMs: 15_000,
      keepAliveMs: 15_000,
      keepAliveCount: 3,
    });
  });

  it('reads every option that it obeys', async () => {
    await write(`
host WEB web-?
  hostname = %h.example
  user "bob"
  Port 2222
  IdentityFile "~/my keys/%r@%h:%p"
  IdentityFile \${KEYS}/%u%%
  identitiesonly YES
  IdentityAgent ~/agent
  UserKnownHostsFile ~/known /other
  GlobalKnownHostsFile none
  StrictHostKeyChecking accept-new
  HostKeyAlias blue
  ConnectTimeout 1m5s
  ServerAliveInterval 7
  ServerAliveCountMax 2
  AddressFamily inet6
  PreferredAuthentications password,publickey,hostbased
  NumberOfPasswordPrompts 1
  BatchMode yes
`);
    expect(await resolve({ host: 'web-1' })).toMatchObject({
      hostName: 'web-1.example',
      user: 'bob',
      port: 2222,
      identityFiles: [join(home, 'my keys/bob@web-1.example:2222'), '/keys/ann%'],
      defaultIdentityFiles: [],
      identitiesOnly: true,
      agentSocket: join(home, 'agent'),
      knownHostsFiles: [join(home, 'known'), '/other'],
      strictHostKeyChecking: 'accept-new',
      hostKeyAlias: 'blue',
      connectTimeoutMs: 65_000,
      keepAliveMs: 7_000,
      keepAliveCount: 2,
      family: 'ipv6',
      methods: ['password', 'publickey'],
      passwordPrompts: 1,
      batchMode: true,
    });
    expect(await resolve({ host: 'web-12' })).toMatchObject({ hostName: 'web-12', port: 22 });
  });

  it.each([
    ['ProxyJump bastion', 'ProxyJump'],
    ['ProxyCommand nc %h %p', 'ProxyCommand'],
    ['CertificateFile ~/c', 'CertificateFile'],
    ['PKCS11Provider /p.so', 'PKCS11Provider'],
    ['KnownHostsCommand /bin/true', 'KnownHostsCommand'],
    ['RevokedHostKeys /etc/revoked', 'RevokedHostKeys'],
    ['CanonicalizeHostname yes', 'CanonicalizeHostname'],
    ['BindAddress 10.0.0.1', 'BindAddress'],
    ['SomethingNew 1', 'somethingnew'],
  ])('refuses what it does not do, and says so: %s', async (line, name) => {
    await write(`Host web\n  ${line}\n`);
    await expect(resolve({ host: 'web' })).rejects.toMatchObject({
      reason: 'unsupported',
      message: `The SSH configuration of web uses ${name}, which is not supported here.`,
    });
    expect((await resolve({ host: 'db' })).hostName).toBe('db');
  });

  it('takes what is switched off', async () => {
    await write('Host *\n  ProxyJump none\n  ProxyCommand nc\n  CanonicalizeHostname no\n  UseKeychain yes\n  SendEnv LANG LC_*\n');
    expect((await resolve({ host: 'web' })).hostName).toBe('web');
    await write('ProxyCommand none\nProxyJump bastion\nIgnoreUnknown Some*,Other\nSomethingNew 1\n');
    expect((await resolve({ host: 'web' })).hostName).toBe('web');
  });

  it('runs nothing, and refuses a condition that would need it', async () => {
    await write(`Match host web exec "touch ${home}/ran"\n  Port 1\n`);
    await expect(resolve({ host: 'web' })).rejects.toMatchObject({ reason: 'unsupported', message: expect.stringContaining('"Match exec"') as string });
    expect((await resolve({ host: 'db' })).port).toBe(22);
    await expect(run('ls', [join(home, 'ran')])).rejects.toThrow();
  });

  it('takes what the person gave before the configuration', async () => {
    await write('Host web\n  User bob\n  Port 2222\n');
    expect(await resolve({ host: 'web', user: 'eve', port: 23 })).toMatchObject({ user: 'eve', port: 23 });
  });

  it.each([
    { host: '-oProxyCommand=reboot' },
    { host: '' },
    { host: 'a b' },
    { host: 'a\nb' },
    { host: 'web', user: '-x' },
    { host: 'web', port: 0 },
    { host: 'web', port: 65_536 },
  ])('refuses %j', async (wish) => {
    await expect(resolve(wish)).rejects.toMatchObject({ reason: 'unsupported' });
  });

  it.each(['HostName -x', 'HostName %k', 'Port none', 'IdentityFile %i', 'IdentityFile ${NOT_SET}/x', 'StrictHostKeyChecking maybe', 'ConnectTimeout soon', 'Host "open'])(
    'says that a value is not understood: %s',
    async (line) => {
      await write(`${line}\n`);
      await expect(resolve({ host: 'web' })).rejects.toMatchObject({ reason: 'unsupported' });
    },
  );

  it('follows includes where they stand, and one that includes itself only once', async () => {
    await write('Host web\n  Include conf.d/*.conf\nHost *\n  Port 4\n  Include config\n');
    await write('Port 3\nHost db\n  User db\n', 'conf.d/b.conf');
    await write('User bob\n', 'conf.d/a.conf');
    await write('User hidden\n', 'conf.d/.c.conf');
    expect(await resolve({ host: 'web' })).toMatchObject({ user: 'bob', port: 3 });
    expect(await resolve({ host: 'db' })).toMatchObject({ user: 'ann', port: 4 });
  });
});

describe('listing hosts', () => {
  it('names plain hosts of all files in order, without wildcards, negations and options', async () => {
    await write('Host web db *.example !no -x\nInclude more\nHost q? "late"\nMatch host inner\n  Port 1\nInclude config\n');
    await write('Host from-include web\n  User x\nInclude ~/.ssh/config\n', 'more');
    expect(await listSshHosts(machine, sources())).toEqual(['web', 'db', 'from-include', 'late']);
  });

  it('is empty without a configuration', async () => {
    expect(await listSshHosts(machine, sources())).toEqual([]);
  });

  it('ends at a chain of includes that is too long', async () => {
    await write('Include c0\n');
    for (let index = 0; index < 30; index++) await write(`Host h${index}\nInclude c${index + 1}\n`, `c${index}`);
    const hosts = await listSshHosts(machine, sources());
    expect(hosts).toHaveLength(16);
  });
});

describe('compared with ssh -G', () => {
  const { username, homedir } = userInfo();
  /** What ssh(1) makes of the same file; relative includes are left out here, because ssh takes them from ~/.ssh. */
  const reference = async (host: string): Promise<Map<string, string[]>> => {
    const { stdout } = await run('ssh', ['-G', '-F', join(home, '.ssh/config'), '--', host], { env: { ...process.env, LC_ALL: 'C' } });
    const values = new Map<string, string[]>();
    for (const line of stdout.split('\n')) {
      const space = line.indexOf(' ');
      const name = line.slice(0, space);
      values.set(name, [...(values.get(name) ?? []), line.slice(space + 1)]);
    }
    return values;
  };

  it('finds the same host, user, port and keys', async () => {
    const pattern = fc.constantFrom('*', 'web', 'web*', 'w?b', 'db', '!web', '!db', '*.example', 'web.example', 'web web.example');
    const header = fc.oneof(
      fc.array(pattern, { minLength: 1, maxLength: 3 }).map((patterns) => `Host ${patterns.join(' ')}`),
      fc
        .tuple(fc.constantFrom('host', 'originalhost', '!host', 'user', 'localuser'), fc.constantFrom('web', '*', 'web*,!web', 'bob', '*.example', username))
        .map(([criterion, value]) => `Match ${criterion} ${value}`),
      fc.constantFrom('Match all', 'Match final host *.example', 'Match final all'),
    );
    const option = fc.constantFrom(
      'HostName %h.example',
      'hostname 10.0.0.1',
      'USER bob',
      'User eve',
      'Port 2222',
      'port=23',
      'IdentityFile /k/%r',
      'IdentityFile /k/two',
      'IdentitiesOnly yes',
      'StrictHostKeyChecking no',
      'StrictHostKeyChecking accept-new',
      'UserKnownHostsFile /a /b',
      'HostKeyAlias Blue',
    );
    const section = fc.tuple(header, fc.array(option, { maxLength: 4 })).map(([head, lines]) => [head, ...lines.map((line) => `  ${line}`)]);
    const text = fc.tuple(fc.array(option, { maxLength: 2 }), fc.array(section, { maxLength: 4 })).map(([top, sections]) => [...top, ...sections.flat(), ''].join('\n'));
    const ours = machineAt(homedir, { userName: username });
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom('web', 'db', 'web.example'), async (config, host) => {
        await write(config);
        const [expected, actual] = await Promise.all([reference(host), resolveHost({ host }, ours, sources())]);
        const keys = expected.get('identityfile')?.filter((file) => file.startsWith('/k/')).map((file) => file.replace('%r', actual.user));
        expect({
          host: actual.hostName,
          user: actual.user,
          port: String(actual.port),
          keys: actual.identityFiles,
          only: actual.identitiesOnly ? 'yes' : 'no',
          strict: actual.strictHostKeyChecking,
          known: actual.knownHostsFiles[0]?.startsWith(homedir) ? 'default' : actual.knownHostsFiles.slice(0, 2).join(' '),
          alias: actual.hostKeyAlias,
        }).toEqual({
          host: expected.get('hostname')?.[0],
          user: expected.get('user')?.[0],
          port: expected.get('port')?.[0],
          keys,
          only: expected.get('identitiesonly')?.[0],
          strict: strictWord(expected.get('stricthostkeychecking')?.[0]),
          known: expected.get('userknownhostsfile')?.[0] === '/a /b' ? '/a /b' : 'default',
          alias: expected.get('hostkeyalias')?.[0],
        });
      }),
      { seed: 4711, numRuns: 150 },
    );
  });

  /** ssh -G prints `no` as false and `yes` as true. */
  function strictWord(word: string | undefined): string | undefined {
    return word === 'false' ? 'no' : word === 'true' ? 'yes' : word;
  }
});
