import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseClient, type Candidate, type ClientMachine } from '../../src/collect/ssh/chooseClient.js';
import { hasSsh, hostFacts, type HostFacts } from '../../src/collect/ssh/clientFacts.js';
import { resolveHost, type ResolvedHost } from '../../src/collect/ssh/config/resolveHost.js';
import { connectSsh, fileHostKeyStore } from '../../src/collect/ssh/entry.js';
import type { SshClientChoice, SshMachine, SshRequest } from '../../src/collect/ssh/types.js';
import { makeKey } from './sshd.js';
import { machineAt, ScriptedAsker } from './support.js';

const run = promisify(execFile);

let folder: string;
let machine: SshMachine;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'droplens-client-'));
  await mkdir(join(folder, '.ssh'));
  machine = machineAt(folder, { userName: 'ann', configFile: join(folder, 'config'), env: new Map([['PATH', '/usr/bin:/bin'], ['KRB5CCNAME', join(folder, 'tickets')]]) });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const resolve = async (text: string): Promise<ResolvedHost> => {
  await writeFile(join(folder, 'config'), text);
  return resolveHost({ host: 'web' }, { machine, mayRunPrograms: true });
};
const request = (over: Partial<SshRequest> = {}): SshRequest => ({
  host: 'web',
  asker: new ScriptedAsker(false),
  interactive: false,
  client: 'auto',
  mayRunPrograms: true,
  machine,
  ownStore: fileHostKeyStore(join(folder, 'keys.json')),
  ...over,
});

describe('the choice of the program', () => {
  const nothing: HostFacts = { ticketCache: false, sharedConnection: false, certificates: [], hardwareKeys: [], plainKeys: false, authoritiesOnly: false };
  const here: ClientMachine = { hasSsh: true, hasShell: true };
  /** `ssh2`, or the sentence that says why not. */
  const choose = (way: readonly Candidate[], choice: SshClientChoice = 'auto', on: ClientMachine = here): string => {
    const backend = chooseClient(way, choice, on);
    return backend.client === 'ssh2' ? 'ssh2' : backend.why;
  };
  const refused = (way: readonly Candidate[], choice: SshClientChoice, on: ClientMachine): string => {
    try {
      return `chose ${choose(way, choice, on)}`;
    } catch (error) {
      const { reason, message, how } = error as { reason: string; message: string; how: string };
      return `${reason}: ${message} ${how}`;
    }
  };

  it('is ssh2 where nothing speaks against it', async () => {
    const way = [{ host: await resolve(''), facts: nothing }];
    expect(choose(way)).toBe('ssh2');
    expect(choose(way, 'ssh2', { hasSsh: false, hasShell: true })).toBe('ssh2');
    expect(choose([{ host: await resolve('GSSAPIAuthentication yes\n'), facts: nothing }])).toBe('ssh2');
    expect(choose([{ host: await resolve('ControlMaster auto\nControlPath /x\n'), facts: nothing }])).toBe('ssh2');
  });

  it.each([
    ['CertificateFile ~/c', 'CertificateFile'],
    ['PKCS11Provider /p.so', 'PKCS11Provider'],
    ['KnownHostsCommand /bin/true', 'KnownHostsCommand'],
    ['RevokedHostKeys /r', 'RevokedHostKeys'],
    ['ProxyCommand x\nProxyUseFdpass yes', 'ProxyUseFdpass'],
    ['BindAddress 10.0.0.1\nCertificateFile ~/c', 'BindAddress, CertificateFile'],
    ['GSSAPIAuthentication yes\nPreferredAuthentications gssapi-with-mic', 'Kerberos'],
  ])('is the system\'s ssh for %s, and nothing else will do', async (text, named) => {
    const way = [{ host: await resolve(`${text}\n`), facts: nothing }];
    expect(choose(way)).toContain(named);
    expect(choose(way)).toMatch(/^The SSH configuration of web .*only the system's ssh can do\.$/);
    expect(refused(way, 'ssh2', here)).toMatch(new RegExp(`^unsupported: .*${named}.*The setting droplens.ssh.client is "ssh2"`));
    expect(refused(way, 'auto', { hasSsh: false, hasShell: true })).toMatch(/^unsupported: .*There is no program "ssh"/);
  });

  it.each<[string, Partial<HostFacts>, string]>([
    ['a certificate beside a key', { certificates: ['/k-cert.pub'] }, '/k-cert.pub'],
    ['a connection that can be shared', { sharedConnection: true }, 'ControlPath'],
    ['a ticket', { ticketCache: true }, 'Kerberos ticket'],
    ['authorities alone', { authoritiesOnly: true }, 'certificate authority'],
  ])('is the system\'s ssh for %s, where there is one', async (_name, facts, named) => {
    const way = [{ host: await resolve('GSSAPIAuthentication yes\n'), facts: { ...nothing, ...facts } }];
    expect(choose(way)).toContain(named);
    expect(choose(way, 'ssh2')).toBe('ssh2');
    expect(choose(way, 'auto', { hasSsh: false, hasShell: true })).toBe('ssh2');
  });

  it('takes a ticket for nothing where Kerberos is switched off', async () => {
    expect(choose([{ host: await resolve(''), facts: { ...nothing, ticketCache: true } }])).toBe('ssh2');
  });

  it('depends on whether a hardware key is meant', async () => {
    const named = await resolve('IdentityFile /k_sk\n');
    const byDefault = await resolve('');
    const hardware = { ...nothing, hardwareKeys: ['/k_sk'] };
    expect(choose([{ host: named, facts: hardware }])).toContain('/k_sk');
    expect(refused([{ host: named, facts: hardware }], 'ssh2', here)).toContain('unsupported');
    expect(choose([{ host: named, facts: { ...hardware, plainKeys: true } }], 'ssh2')).toBe('ssh2');
    expect(choose([{ host: byDefault, facts: { ...hardware, plainKeys: true } }])).toBe('ssh2');
    expect(choose([{ host: byDefault, facts: hardware }])).toContain('/k_sk');
  });

  it('looks at every host on the way', async () => {
    const plain = { host: await resolve(''), facts: nothing };
    const hop = { host: { ...(await resolve('CertificateFile ~/c\n')), alias: 'bastion' }, facts: nothing };
    expect(choose([plain, hop])).toContain('bastion');
  });

  it('is what the setting says, or refused with its name', async () => {
    const way = [{ host: await resolve(''), facts: nothing }];
    expect(choose(way, 'system')).toContain('droplens.ssh.client');
    expect(refused(way, 'system', { hasSsh: false, hasShell: true })).toContain('droplens.ssh.client');
  });

  it('leaves a ProxyCommand to the system where there is no such shell', async () => {
    const way = [{ host: await resolve('ProxyCommand x\n'), facts: nothing }];
    expect(choose(way)).toBe('ssh2');
    expect(choose(way, 'auto', { hasSsh: true, hasShell: false })).toContain('ProxyCommand');
  });
});

describe('what lies on this machine', () => {
  const facts = async (text = ''): Promise<HostFacts> => hostFacts(await resolve(text), request());

  it('is nothing in an empty home', async () => {
    expect(await facts('GSSAPIAuthentication yes\nControlPath %d/nobody-listens\n')).toEqual({
      ticketCache: false, sharedConnection: false, certificates: [], hardwareKeys: [], plainKeys: false, authoritiesOnly: false,
    });
  });

  it('is a ticket cache', async () => {
    await writeFile(join(folder, 'tickets'), '');
    expect((await facts('GSSAPIAuthentication yes\n')).ticketCache).toBe(true);
    expect((await facts()).ticketCache).toBe(false);
  });

  it('is a shared connection only where somebody listens', async () => {
    const path = join(folder, 'cm');
    const server = createServer().listen(path);
    await new Promise((listening) => server.on('listening', listening));
    expect((await facts('ControlPath %d/cm\n')).sharedConnection).toBe(true);
    await new Promise((closed) => server.close(closed));
    await writeFile(path, '');
    expect((await facts('ControlPath %d/cm\n')).sharedConnection).toBe(false);
  });

  it('is keys of every kind', async () => {
    const key = await makeKey(join(folder, '.ssh/id_ed25519'), 'ed25519');
    expect(await facts()).toMatchObject({ plainKeys: true, hardwareKeys: [], certificates: [] });
    const authority = await makeKey(join(folder, 'ca'), 'ed25519');
    await run('ssh-keygen', ['-q', '-s', authority, '-I', 'me', `${key}.pub`]);
    expect(await facts()).toMatchObject({ certificates: [`${key}-cert.pub`] });
    // The body of a private key file that ssh-keygen -t ed25519-sk writes begins like this (PROTOCOL.key).
    const field = (text: string): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length);
      return Buffer.concat([length, Buffer.from(text)]);
    };
    const one = Buffer.from([0, 0, 0, 1]);
    const blob = Buffer.concat([field('sk-ssh-ed25519@openssh.com'), field('x'.repeat(32)), field('ssh:')]).toString('latin1');
    const body = Buffer.concat([Buffer.from('openssh-key-v1\0'), field('none'), field('none'), field(''), one, field(blob)]);
    const hardware = join(folder, '.ssh/id_ed25519_sk');
    await writeFile(hardware, `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64').replace(/.{70}/g, '$&\n')}\n-----END OPENSSH PRIVATE KEY-----\n`);
    expect(await facts()).toMatchObject({ plainKeys: true, hardwareKeys: [hardware] });
    await copyFile(hardware, join(folder, 'mine'));
    expect(await facts('IdentityFile ~/mine\n')).toMatchObject({ plainKeys: false, hardwareKeys: [join(folder, 'mine')] });
  });

  it('is a record with authorities alone', async () => {
    const key = (await readFile(`${await makeKey(join(folder, 'ca'), 'ed25519')}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    const records = join(folder, '.ssh/known_hosts');
    await writeFile(records, `@cert-authority *.example,web ${key}\n`);
    expect((await facts('GlobalKnownHostsFile none\n')).authoritiesOnly).toBe(true);
    expect((await facts('GlobalKnownHostsFile none\nHostName db\n')).authoritiesOnly).toBe(false);
    await writeFile(records, `@cert-authority web ${key}\nweb ${key}\n`);
    expect((await facts('GlobalKnownHostsFile none\n')).authoritiesOnly).toBe(false);
  });

  it('is an ssh in PATH, or not', async () => {
    expect(await hasSsh(machine)).toBe(false);
    expect(await hasSsh({ ...machine, sshProgram: 'ssh' })).toBe(true);
    expect(await hasSsh({ ...machine, sshProgram: 'ssh', env: new Map([['PATH', folder]]) })).toBe(false);
    expect(await hasSsh({ ...machine, sshProgram: join(folder, 'none') })).toBe(false);
  });

  it('makes a connection refused that only ssh could make', async () => {
    await writeFile(join(folder, 'config'), 'KnownHostsCommand /bin/true\n');
    await expect(connectSsh(request())).rejects.toMatchObject({ reason: 'unsupported', message: expect.stringContaining('KnownHostsCommand') as string });
  });
});
