import { execFile } from 'node:child_process';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectSsh, fileHostKeyStore } from '../../src/collect/ssh/entry.js';
import { fingerprint } from '../../src/collect/ssh/knownHosts.js';
import type { SshRequest } from '../../src/collect/ssh/types.js';
import { makeKey, type TestSshd } from './sshd.js';
import { outcomeOf, ScriptedAsker } from './support.js';
import {
  connectBySystem, makeRuntimeFolder, refusalBySystem, running, startSystemSshd, systemMachine, systemRequest, type RuntimeFolder,
} from './systemSupport.js';

const run = promisify(execFile);
let runtime: RuntimeFolder;
beforeAll(async () => {
  runtime = await makeRuntimeFolder();
});
afterAll(() => runtime.remove());
afterEach(() => vi.waitFor(() => expect([...runtime.left(), ...running(runtime.path)]).toEqual([]), { timeout: 3_000 }));

async function works(request: SshRequest): Promise<void> {
  const transport = await connectBySystem(request);
  try {
    expect((await outcomeOf(await transport.spawn(['echo', 'in']))).out).toBe('in\n');
  } finally {
    await transport.dispose();
  }
}

const blobOf = (line: string): Buffer => Buffer.from(line.split(' ')[1] ?? '', 'base64');

describe('the key of a host', () => {
  let sshd: TestSshd;
  const request = (over: Partial<SshRequest> = {}): SshRequest => systemRequest(sshd, runtime, over);
  const name = (): string => `[127.0.0.1]:${sshd.port}`;
  const record = (...lines: string[]): Promise<void> => writeFile(sshd.knownHosts, lines.map((line) => `${line}\n`).join(''));
  const other = async (): Promise<string> => {
    const file = await makeKey(join(sshd.folder, `other-${Math.random().toString(36).slice(2)}`), 'ed25519');
    return (await readFile(`${file}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
  };
  beforeEach(async () => {
    sshd = await startSystemSshd({ known: false });
  });
  afterEach(() => sshd.stop());

  it('is asked about once when it is unknown, and known_hosts is not written', async () => {
    const asker = new ScriptedAsker(true);
    await works(request({ asker }));
    await works(request({ asker, interactive: false }));
    const key = sshd.hostKeys[0] ?? '';
    expect(asker.hostKeys).toEqual([
      { host: name(), keyType: 'ssh-ed25519', fingerprint: fingerprint(blobOf(key)), hop: null, alreadyKnown: [] },
    ]);
    expect(await readFile(sshd.knownHosts, 'utf8')).toBe('');
    // What was accepted here counts for the other way as well.
    const transport = await connectSsh({ ...request({ asker: new ScriptedAsker(false), interactive: false }), client: 'ssh2' });
    await transport.dispose();
  });

  it('is refused when the answer is no, before anything is sent', async () => {
    const refusal = await refusalBySystem(request());
    expect(refusal).toMatchObject({ reason: 'host-key-refused' });
    expect(sshd.log()).not.toMatch(/Accepted|Failed|Invalid user|userauth/);
    await works(request({ asker: new ScriptedAsker(true) }));
  });

  it('is not asked about in the background', async () => {
    const asker = new ScriptedAsker(true);
    expect(await refusalBySystem(request({ asker, interactive: false }))).toMatchObject({ reason: 'host-key-unknown' });
    expect(asker.hostKeys).toEqual([]);
  });

  it('is refused when known_hosts has another one, without a question', async () => {
    await record(`${name()} ${await other()}`);
    const asker = new ScriptedAsker(true);
    const refusal = await refusalBySystem(request({ asker }));
    expect(refusal).toMatchObject({ reason: 'host-key-changed' });
    expect(refusal.message).toContain(fingerprint(blobOf(sshd.hostKeys[0] ?? '')));
    expect(asker.hostKeys).toEqual([]);
  });

  it('is refused when our own store has another one, though known_hosts has it', async () => {
    await record(`${name()} ${sshd.hostKeys[0] ?? ''}`);
    const ownStore = fileHostKeyStore(join(sshd.folder, 'hostkeys.json'));
    await ownStore.add(name(), blobOf(await other()));
    expect(await refusalBySystem(request({ ownStore }))).toMatchObject({ reason: 'host-key-changed' });
  });

  it('is refused when our own store has it and known_hosts another one', async () => {
    await record(`${name()} ${await other()}`);
    const ownStore = fileHostKeyStore(join(sshd.folder, 'hostkeys.json'));
    await ownStore.add(name(), blobOf(sshd.hostKeys[0] ?? ''));
    expect(await refusalBySystem(request({ ownStore }))).toMatchObject({ reason: 'host-key-changed' });
  });

  it('is refused when it is revoked, whatever the configuration says', async () => {
    await appendFile(join(sshd.home, '.ssh/config'), '  StrictHostKeyChecking no\n');
    await record(`${name()} ${sshd.hostKeys[0] ?? ''}`, `@revoked * ${sshd.hostKeys[0] ?? ''}`);
    expect(await refusalBySystem(request())).toMatchObject({ reason: 'host-key-refused' });
  });

  it('is taken without a question where the configuration says so, and not kept', async () => {
    await appendFile(join(sshd.home, '.ssh/config'), '  StrictHostKeyChecking no\n');
    const asker = new ScriptedAsker(false);
    await works(request({ asker, interactive: false }));
    expect(asker.hostKeys).toEqual([]);
    expect(await request().ownStore.keysOf(name())).toEqual([]);
    expect(await readFile(sshd.knownHosts, 'utf8')).toBe('');
  });

  it('is taken when an authority that is known has signed it', async () => {
    const authority = await makeKey(join(sshd.folder, 'authority'), 'ed25519');
    const hostKey = join(sshd.folder, 'host_ed25519');
    await run('ssh-keygen', ['-q', '-s', authority, '-I', 'host', '-h', '-n', '127.0.0.1', `${hostKey}.pub`]);
    const certified = await startSystemSshd({ known: false, config: [`HostKey ${hostKey}`, `HostCertificate ${hostKey}-cert.pub`] });
    try {
      const asker = new ScriptedAsker(false);
      const publicKey = (await readFile(`${authority}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
      await writeFile(certified.knownHosts, `@cert-authority [127.0.0.1]:* ${publicKey}\n`);
      await works(systemRequest(certified, runtime, { asker }));
      expect(asker.hostKeys).toEqual([]);
      // An authority that is not known proves nothing: the key is one like any other.
      await writeFile(certified.knownHosts, `@cert-authority [127.0.0.1]:* ${await other()}\n`);
      expect(await refusalBySystem(systemRequest(certified, runtime, { asker }))).toMatchObject({ reason: 'host-key-refused' });
      expect(asker.hostKeys.map(({ keyType }) => keyType)).toEqual(['ssh-ed25519']);
    } finally {
      await certified.stop();
    }
  });

  it('is refused when our store cannot be read', async () => {
    const file = join(sshd.folder, 'broken.json');
    await writeFile(file, '{');
    expect(await refusalBySystem(request({ ownStore: fileHostKeyStore(file) }))).toMatchObject({ reason: 'host-key-refused' });
  });

  it('of a jump host is asked about like any other, and not written to known_hosts', async () => {
    const target = await startSystemSshd({ known: false });
    try {
      await appendFile(sshd.authorizedKeys, await readFile(`${target.clientKey}.pub`));
      const config = join(target.home, '.ssh/config');
      const lines = [`Host hop`, '  HostName 127.0.0.1', `  Port ${sshd.port}`, `  User ${sshd.user}`, `  IdentityFile ${target.clientKey}`];
      await writeFile(config, `${await readFile(config, 'utf8')}  ProxyJump hop\n${[...lines, `  UserKnownHostsFile ${target.knownHosts}`].join('\n')}\n`);
      const asker = new ScriptedAsker(true);
      const jump = { asker, machine: systemMachine(target.home, runtime) };
      await works(systemRequest(target, runtime, jump));
      expect(asker.hostKeys.map(({ host, hop }) => [host, hop])).toEqual([
        [name(), 'hop'],
        [`[127.0.0.1]:${target.port}`, null],
      ]);
      expect(await readFile(target.knownHosts, 'utf8')).toBe('');
      await works(systemRequest(target, runtime, { ...jump, interactive: false }));
      expect(asker.hostKeys).toHaveLength(2);
      // The hop's key changes: nothing reaches the target.
      await writeFile(target.knownHosts, `${name()} ${await other()}\n`);
      await rm(join(target.folder, 'hostkeys.json'));
      expect(await refusalBySystem(systemRequest(target, runtime, jump))).toMatchObject({ reason: 'host-key-changed' });
      expect(asker.hostKeys).toHaveLength(2);
    } finally {
      await target.stop();
    }
  });
});
