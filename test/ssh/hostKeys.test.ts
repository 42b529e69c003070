import { execFile } from 'node:child_process';
import { appendFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectSsh, fileHostKeyStore } from '../../src/collect/ssh/entry.js';
import type { SshRequest } from '../../src/collect/ssh/types.js';
import { makeKey, startSshd, type TestSshd } from './sshd.js';
import { outcomeOf, requestFor, ScriptedAsker } from './support.js';

const run = promisify(execFile);

/** What connecting came to: `in`, or the reason and the sentences of the refusal. */
async function attempt(request: SshRequest): Promise<{ reason: string; text: string }> {
  try {
    const transport = await connectSsh(request);
    const { out } = await outcomeOf(await transport.spawn(['echo', 'hello']));
    await transport.dispose();
    return { reason: out === 'hello\n' ? 'in' : 'broken', text: '' };
  } catch (error) {
    const { reason, message, how } = error as { reason: string; message: string; how?: string };
    return { reason, text: `${message} ${how ?? ''}` };
  }
}

describe('host keys against a real sshd', () => {
  let sshd: TestSshd;
  let fingerprint: string;
  const name = (): string => `[127.0.0.1]:${sshd.port}`;
  const authenticated = (): boolean => /Accepted|Failed|userauth|Postponed/.test(sshd.log());
  beforeEach(async () => {
    sshd = await startSshd({ known: false, hostKeyTypes: ['ed25519', 'ecdsa', 'rsa'] });
    const { stdout } = await run('ssh-keygen', ['-lf', join(sshd.folder, 'host_ed25519.pub')]);
    fingerprint = stdout.split(' ')[1] ?? '';
  });
  afterEach(() => sshd.stop());

  it('asks about an unknown key, with the fingerprint that ssh-keygen prints, and sends nothing when it is refused', async () => {
    const asker = new ScriptedAsker(false);
    expect(await attempt(requestFor(sshd, { asker }))).toMatchObject({ reason: 'host-key-refused' });
    expect(asker.hostKeys).toEqual([{ host: name(), keyType: 'ssh-ed25519', fingerprint, hop: null, alreadyKnown: [] }]);
    expect(authenticated()).toBe(false);
  });

  it('remembers an accepted key in its own store and leaves known_hosts alone', async () => {
    const asker = new ScriptedAsker(true);
    expect(await attempt(requestFor(sshd, { asker }))).toMatchObject({ reason: 'in' });
    expect(await attempt(requestFor(sshd, { asker, interactive: false }))).toMatchObject({ reason: 'in' });
    expect(asker.hostKeys).toHaveLength(1);
    expect(await readFile(sshd.knownHosts, 'utf8')).toBe('');
    const store = join(sshd.folder, 'hostkeys.json');
    expect((await stat(store)).mode & 0o777).toBe(0o600);
    // Another key in the store is a change, and only removing it there helps.
    const other = (await readFile(`${await makeKey(join(sshd.folder, 'other'), 'ed25519')}.pub`, 'utf8')).split(' ')[1] ?? '';
    await writeFile(store, JSON.stringify({ version: 1, hosts: { [name()]: [other] } }));
    const changed = await attempt(requestFor(sshd, { asker }));
    expect(changed.reason).toBe('host-key-changed');
    expect(changed.text).toContain(store);
    expect(asker.hostKeys).toHaveLength(1);
  });

  it('never asks in the background', async () => {
    const asker = new ScriptedAsker(true);
    expect(await attempt(requestFor(sshd, { asker, interactive: false }))).toMatchObject({ reason: 'host-key-unknown' });
    expect(asker.hostKeys).toEqual([]);
    expect(authenticated()).toBe(false);
  });

  it('refuses a changed key with both fingerprints before any authentication', async () => {
    const other = `${await makeKey(join(sshd.folder, 'other'), 'ed25519')}.pub`;
    const otherPrint = (await run('ssh-keygen', ['-lf', other])).stdout.split(' ')[1] ?? '';
    await writeFile(sshd.knownHosts, `${name()} ${await readFile(other, 'utf8')}`);
    const asker = new ScriptedAsker(true);
    const { reason, text } = await attempt(requestFor(sshd, { asker }));
    expect(reason).toBe('host-key-changed');
    expect(text).toContain(fingerprint);
    expect(text).toContain(otherPrint);
    expect(text).toContain(`ssh-keygen -R '${name()}'`);
    expect(asker.hostKeys).toEqual([]);
    expect(authenticated()).toBe(false);
    // The log shows authentication when there is some: the check above can fail.
    await writeFile(sshd.knownHosts, sshd.hostKeys.map((key) => `${name()} ${key}\n`).join(''));
    expect(await attempt(requestFor(sshd))).toMatchObject({ reason: 'in' });
    expect(authenticated()).toBe(true);
  });

  it('refuses a revoked key although another line trusts it', async () => {
    const [key] = sshd.hostKeys;
    await writeFile(sshd.knownHosts, `${name()} ${key}\n@revoked * ${key}\n`);
    await appendFile(join(sshd.home, '.ssh/config'), '  StrictHostKeyChecking no\n');
    expect(await attempt(requestFor(sshd))).toMatchObject({ reason: 'host-key-refused' });
    expect(authenticated()).toBe(false);
  });

  it('finds a name that ssh-keygen hashed', async () => {
    await writeFile(sshd.knownHosts, `${name()} ${sshd.hostKeys[0]}\n`);
    await run('ssh-keygen', ['-q', '-H', '-f', sshd.knownHosts]);
    expect(await readFile(sshd.knownHosts, 'utf8')).toMatch(/^\|1\|/);
    expect(await attempt(requestFor(sshd, { interactive: false }))).toMatchObject({ reason: 'in' });
  });

  it.each([
    ['a wildcard', '[127.0.0.*]:* KEY\n', 'in'],
    ['one character', '[127.0.0.?]:PORT KEY\n', 'in'],
    ['a list', 'other,[127.0.0.1]:PORT,third KEY\n', 'in'],
    ['a negation', '[127.0.0.*]:*,![127.0.0.1]:PORT KEY\n', 'host-key-unknown'],
    ['another port', '[127.0.0.1]:1 KEY\n', 'host-key-unknown'],
    ['two keys of a type', '[127.0.0.1]:PORT OTHER\n[127.0.0.1]:PORT KEY\n', 'in'],
    ['a comment and a broken line', '# [127.0.0.1]:PORT OTHER\n[127.0.0.1]:PORT ssh-ed25519 !!\n[127.0.0.1]:PORT KEY comment\n', 'in'],
    ['a changed key behind a wildcard', '[127.0.0.*]:* OTHER\n', 'host-key-changed'],
    ['an authority alone', '@cert-authority * KEY\n', 'host-key-unknown'],
    ['an authority and the key', '@cert-authority * OTHER\n[127.0.0.1]:PORT KEY\n', 'in'],
    ['a revoked key behind a wildcard', '[127.0.0.1]:PORT KEY\n@revoked [127.*]:* KEY\n', 'host-key-refused'],
    ['the revocation of another key', '[127.0.0.1]:PORT KEY\n@revoked * OTHER\n', 'in'],
  ])('reads a record with %s', async (_name, text, reason) => {
    const other = (await readFile(`${await makeKey(join(sshd.folder, 'other'), 'ed25519')}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    const fill = text.replaceAll('KEY', sshd.hostKeys[0] ?? '').replaceAll('OTHER', other).replaceAll('PORT', String(sshd.port));
    await writeFile(sshd.knownHosts, fill);
    expect(await attempt(requestFor(sshd, { interactive: false }))).toMatchObject({ reason });
    if (reason !== 'in') expect(authenticated()).toBe(false);
  });

  it('reads several files, and a change or a revocation in any of them counts', async () => {
    const [key] = sshd.hostKeys;
    const other = (await readFile(`${await makeKey(join(sshd.folder, 'other'), 'ed25519')}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    const files = ['first', 'second', 'third'].map((each) => join(sshd.folder, each));
    const [first = '', second = '', third = ''] = files;
    await appendFile(join(sshd.home, '.ssh/config'), `  UserKnownHostsFile ${first} "${second}"\n  GlobalKnownHostsFile ${third}\n`);
    const outcome = async (...texts: string[]): Promise<string> => {
      await Promise.all(files.map((file, index) => writeFile(file, texts[index] ?? '')));
      await rm(join(sshd.folder, 'hostkeys.json'), { force: true });
      return (await attempt(requestFor(sshd, { interactive: false }))).reason;
    };
    expect(await outcome('', '', '')).toBe('host-key-unknown');
    expect(await outcome('', `${name()} ${key}\n`, '')).toBe('in');
    expect(await outcome('', '', `${name()} ${key}\n`)).toBe('in');
    expect(await outcome('', '', `${name()} ${other}\n`)).toBe('host-key-changed');
    expect(await outcome(`${name()} ${key}\n`, '', `@revoked * ${key}\n`)).toBe('host-key-refused');
  });

  it('notices a key that changes between two connects, and does not go back to asking', async () => {
    const asker = new ScriptedAsker(true);
    expect(await attempt(requestFor(sshd, { asker }))).toMatchObject({ reason: 'in' });
    const store = requestFor(sshd).ownStore;
    const before = await store.keysOf(name());
    // Another machine answers at the same address, as after an attack or a new installation.
    const impostor = await startSshd({ known: false });
    try {
      const config = join(impostor.home, '.ssh/config');
      await writeFile(config, `Host blue\n  HostName 127.0.0.1\n  Port ${impostor.port}\n  HostKeyAlias blue\n  UserKnownHostsFile none\n`);
      for (const key of before) await store.add('blue', key);
      const request = requestFor(impostor, { host: 'blue', asker, ownStore: store });
      for (const interactive of [true, false]) {
        expect(await attempt({ ...request, interactive })).toMatchObject({ reason: 'host-key-changed' });
      }
      expect(asker.hostKeys).toHaveLength(1);
      expect(impostor.log()).not.toMatch(/Accepted|Failed|userauth|Postponed/);
    } finally {
      await impostor.stop();
    }
  });

  it('obeys HostKeyAlgorithms, with the known types first among those', async () => {
    const config = join(sshd.home, '.ssh/config');
    const plain = await readFile(config, 'utf8');
    const shownWith = async (list: string): Promise<string | undefined> => {
      await writeFile(config, `${plain}  HostKeyAlgorithms ${list}\n`);
      const asker = new ScriptedAsker(false);
      await attempt(requestFor(sshd, { asker }));
      return asker.hostKeys[0]?.keyType;
    };
    expect(await shownWith('rsa-sha2-512,ssh-ed25519')).toBe('ssh-rsa');
    expect(await shownWith('^ecdsa-sha2-nistp256')).toBe('ecdsa-sha2-nistp256');
    expect(await shownWith('-ssh-ed25519,ecdsa-*')).toBe('ssh-rsa');
    await writeFile(sshd.knownHosts, `${name()} ${sshd.hostKeys[1]}\n`);
    expect(await shownWith('ssh-ed25519')).toBe('ssh-ed25519');
    await writeFile(config, `${plain}  HostKeyAlgorithms ssh-ed25519,ecdsa-sha2-nistp256\n`);
    expect(await attempt(requestFor(sshd, { interactive: false }))).toMatchObject({ reason: 'in' });
  });

  it('fails closed when the store or the asker throws, whatever StrictHostKeyChecking says', async () => {
    const fails = (): never => {
      throw new Error('broken');
    };
    const broken = { location: 'nowhere', keysOf: fails, add: fails };
    const full = { location: 'nowhere', keysOf: () => Promise.resolve([]), add: fails };
    expect(await attempt(requestFor(sshd, { asker: { hostKey: fails, secret: fails } }))).toMatchObject({ reason: 'host-key-refused' });
    expect(await attempt(requestFor(sshd, { asker: new ScriptedAsker(true), ownStore: full }))).toMatchObject({ reason: 'host-key-refused' });
    for (const strict of ['no', 'accept-new', 'ask', 'yes']) {
      const config = join(sshd.home, '.ssh/config');
      await writeFile(config, `StrictHostKeyChecking ${strict}\n${await readFile(config, 'utf8')}`);
      expect(await attempt(requestFor(sshd, { ownStore: broken }))).toMatchObject({ reason: 'host-key-refused' });
    }
    expect(authenticated()).toBe(false);
  });

  it.each([['ecdsa', 1], ['rsa', 2]] as const)('prefers the key type that is on record: %s', async (_type, index) => {
    await writeFile(sshd.knownHosts, `${name()} ${sshd.hostKeys[index]}\n`);
    expect(await attempt(requestFor(sshd, { interactive: false }))).toMatchObject({ reason: 'in' });
  });

  it('tells the person that a host without its recorded key is known by another one', async () => {
    await writeFile(sshd.knownHosts, `${name()} ${sshd.hostKeys[2]}\n`);
    await sshd.stop();
    sshd = await startSshd({ known: false });
    const rsa = (await readFile(`${await makeKey(join(sshd.folder, 'other'), 'rsa')}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    await writeFile(sshd.knownHosts, `${name()} ${rsa}\n`);
    const asker = new ScriptedAsker(false);
    expect(await attempt(requestFor(sshd, { asker }))).toMatchObject({ reason: 'host-key-refused' });
    expect(asker.hostKeys[0]?.alreadyKnown).toEqual(['ssh-rsa']);
  });

  it('takes the key that is recorded for the name without a port, as ssh does', async () => {
    await writeFile(sshd.knownHosts, `127.0.0.1 ${sshd.hostKeys[0]}\n`);
    expect(await attempt(requestFor(sshd, { interactive: false }))).toMatchObject({ reason: 'in' });
  });

  it('looks under HostKeyAlias', async () => {
    await appendFile(join(sshd.home, '.ssh/config'), '  HostKeyAlias blue\n');
    await writeFile(sshd.knownHosts, `blue ${sshd.hostKeys[0]}\n`);
    expect(await attempt(requestFor(sshd, { interactive: false }))).toMatchObject({ reason: 'in' });
  });

  it.each([
    ['yes', 'host-key-unknown', 0],
    ['no', 'in', 0],
    ['accept-new', 'in', 1],
  ])('obeys StrictHostKeyChecking %s', async (strict, reason, recorded) => {
    await appendFile(join(sshd.home, '.ssh/config'), `  StrictHostKeyChecking ${strict}\n`);
    const asker = new ScriptedAsker(false);
    const request = requestFor(sshd, { asker });
    expect(await attempt(request)).toMatchObject({ reason });
    expect(asker.hostKeys).toEqual([]);
    expect(await request.ownStore.keysOf(name())).toHaveLength(recorded);
  });

  it('does not connect when a record cannot be read, the asker fails, or the answer cannot be kept', async () => {
    const broken = { hostKey: () => Promise.reject(new Error('no window')), secret: () => Promise.resolve(undefined) };
    expect(await attempt(requestFor(sshd, { asker: broken }))).toMatchObject({ reason: 'host-key-refused' });

    const store = join(sshd.folder, 'hostkeys.json');
    await writeFile(store, '{"version":1,');
    expect(await attempt(requestFor(sshd))).toMatchObject({ reason: 'host-key-refused' });
    await rm(store);

    const full = fileHostKeyStore(join(sshd.folder, 'authorized_keys', 'below-a-file.json'));
    const asker = new ScriptedAsker(true);
    const refused = await attempt(requestFor(sshd, { asker, ownStore: full }));
    expect(refused.reason).toBe('host-key-refused');

    await rm(sshd.knownHosts);
    await mkdir(sshd.knownHosts);
    expect(await attempt(requestFor(sshd))).toMatchObject({ reason: 'host-key-refused' });
    expect(authenticated()).toBe(false);
  });
});
