import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CIPHERS, KEX_ALGORITHMS, MACS } from '../../src/collect/ssh/config/algorithmLists.js';
import { listSshHosts } from '../../src/collect/ssh/config/listHosts.js';
import { resolveHost, type HostWish, type ResolvedHost } from '../../src/collect/ssh/config/resolveHost.js';
import type { SshMachine } from '../../src/collect/ssh/types.js';
import { machineAt } from './support.js';

let home: string;
let machine: SshMachine;
const write = async (text: string, name = 'config'): Promise<void> => {
  const file = join(home, '.ssh', name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
};
const resolve = (wish: HostWish): Promise<ResolvedHost> => resolveHost(wish, { machine, mayRunPrograms: false });

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'droplens-config-'));
  machine = machineAt(home, { configFile: join(home, '.ssh/config'), userName: 'ann', env: new Map([['KEYS', '/keys']]), agentSocket: '/agent' });
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
      certificateFiles: [],
      identitiesOnly: false,
      agentSocket: '/agent',
      knownHostsFiles: [
        join(home, '.ssh/known_hosts'),
        join(home, '.ssh/known_hosts2'),
        '/etc/ssh/ssh_known_hosts',
        '/etc/ssh/ssh_known_hosts2',
      ],
      hostKeyAlias: undefined,
      hostKeyAlgorithms: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256'],
      kexAlgorithms: KEX_ALGORITHMS,
      ciphers: CIPHERS,
      macs: MACS,
      strictHostKeyChecking: 'ask',
      methods: ['publickey', 'keyboard-interactive', 'password'],
      gssapi: 'off',
      passwordPrompts: 3,
      batchMode: false,
      connectTimeoutMs: 15_000,
      keepAliveMs: 15_000,
      keepAliveCount: 3,
      proxy: { kind: 'direct' },
      controlPath: undefined,
      onlySystem: [],
      runs: [],
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
    ['PKCS11Provider /p.so', 'PKCS11Provider'],
    ['KnownHostsCommand /bin/true %H', 'KnownHostsCommand'],
    ['RevokedHostKeys /etc/revoked', 'RevokedHostKeys'],
    ['CanonicalizeHostname yes', 'CanonicalizeHostname'],
    ['BindAddress 10.0.0.1', 'BindAddress'],
    ['ProxyCommand nc %h %p\n  ProxyUseFdpass yes', 'ProxyUseFdpass'],
    ['HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com', 'HostKeyAlgorithms'],
    ['KexAlgorithms sntrup761x25519-sha512@openssh.com', 'KexAlgorithms'],
    ['Ciphers aes256-cbc,3des-cbc', 'Ciphers'],
    ['MACs umac-128-etm@openssh.com', 'MACs'],
    ['SomethingNew 1', 'somethingnew'],
  ])('leaves what it does not do to the system: %s', async (line, name) => {
    await write(`Host web\n  ${line}\n`);
    expect((await resolve({ host: 'web' })).onlySystem).toEqual([name]);
    expect((await resolve({ host: 'db' })).onlySystem).toEqual([]);
  });

  it('takes what is switched off', async () => {
    await write('Host *\n  ProxyJump none\n  ProxyCommand none\n  ProxyJump bastion\n  CanonicalizeHostname no\n  UseKeychain yes\n  SendEnv LANG LC_*\n');
    expect(await resolve({ host: 'web' })).toMatchObject({ proxy: { kind: 'direct' }, onlySystem: [], runs: [] });
    await write('ProxyCommand none\nProxyJump bastion\nIgnoreUnknown Some*,Other\nSomethingNew 1\nCertificateFile none\n');
    expect(await resolve({ host: 'web' })).toMatchObject({ proxy: { kind: 'direct' }, onlySystem: [], certificateFiles: [] });
  });

  it('keeps a command as it is written', async () => {
    await write(`ProxyCommand  sh -c "exec nc '%h' \\"%p\\" # all" %% \n`);
    expect(await resolve({ host: 'web' })).toMatchObject({
      proxy: { kind: 'command', command: `sh -c "exec nc '%h' \\"%p\\" # all" %%` },
      runs: ['ProxyCommand'],
    });
  });

  it.each([
    ['^rsa-sha2-512,ssh-rsa,ssh-dss', ['rsa-sha2-512', 'ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-256']],
    ['+ssh-rsa,ssh-dss', ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256']],
    ['-ecdsa-*,rsa-sha2-*', ['ssh-ed25519']],
    ['ssh-rsa,rsa-sha2-256,ssh-ed25519', ['rsa-sha2-256', 'ssh-ed25519']],
  ])('never takes more host key algorithms than its own: %s', async (list, expected) => {
    await write(`HostKeyAlgorithms ${list}\n`);
    expect((await resolve({ host: 'web' })).hostKeyAlgorithms).toEqual(expected);
  });

  it('takes fewer key exchanges, ciphers and MACs, and no others', async () => {
    await write('KexAlgorithms ^diffie-hellman-group1-sha1,ecdh-sha2-nistp521\nCiphers aes256-ctr,aes128-cbc,aes256-gcm@openssh.com\nMACs -*-etm@openssh.com,hmac-sha2-256\n');
    expect(await resolve({ host: 'web' })).toMatchObject({
      kexAlgorithms: KEX_ALGORITHMS,
      ciphers: ['aes256-gcm@openssh.com', 'aes256-ctr'],
      macs: ['hmac-sha2-512'],
      onlySystem: [],
    });
  });

  it('refuses a host that is to be known by SHA-1 or DSA alone', async () => {
    await write('HostKeyAlgorithms ssh-rsa,ssh-dss\n');
    await expect(resolve({ host: 'web' })).rejects.toMatchObject({ reason: 'unsupported', message: expect.stringContaining('ssh-rsa,ssh-dss') as string });
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
    { host: 'a@b' },
    { host: 'ssh://web' },
    { host: '$(reboot)' },
    { host: 'a;reboot' },
    { host: 'web', user: '`reboot`' },
    { host: 'web', user: 'a b' },
    { host: 'web', user: '-x' },
    { host: 'web', port: 0 },
    { host: 'web', port: 65_536 },
  ])('refuses %j', async (wish) => {
    await expect(resolve(wish)).rejects.toMatchObject({ reason: 'unsupported' });
  });

  it.each(['HostName -x', 'HostName %k', 'Port none', 'IdentityFile %z', 'ProxyJump a,,b', 'Include [a-c].conf', 'IdentityFile ${NOT_SET}/x', 'StrictHostKeyChecking maybe', 'ConnectTimeout soon', 'Host "open'])(
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
    expect(await listSshHosts(machine)).toEqual(['web', 'db', 'from-include', 'late']);
  });

  it('is empty without a configuration', async () => {
    await rm(join(home, '.ssh'), { recursive: true, force: true });
    expect(await listSshHosts(machineAt('/nowhere/at/all', { configFile: join(home, '.ssh/config') }))).toEqual([]);
  });

  it('ends at a chain of includes that is too long', async () => {
    await write('Include c0\n');
    for (let index = 0; index < 30; index++) await write(`Host h${index}\nInclude c${index + 1}\n`, `c${index}`);
    const hosts = await listSshHosts(machine);
    expect(hosts).toHaveLength(16);
  });
});
