import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectSsh } from '../../src/collect/ssh/entry.js';
import type { SshRequest } from '../../src/collect/ssh/types.js';
import { TransportError } from '../../src/collect/transport.js';
import { startAgent, type TestAgent } from './agent.js';
import { makeKey, startSshd, type TestSshd } from './sshd.js';
import { machineAt, outcomeOf, requestFor, ScriptedAsker } from './support.js';

const run = promisify(execFile);

async function whoAmI(request: SshRequest): Promise<string> {
  const transport = await connectSsh(request);
  try {
    return (await outcomeOf(await transport.spawn(['id', '-un']))).out.trim();
  } finally {
    await transport.dispose();
  }
}

async function refusalOf(request: SshRequest): Promise<TransportError> {
  const error: unknown = await connectSsh(request).then(
    () => new Error('let in'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TransportError)) throw error;
  return error;
}

/** As ssh-keygen computes it: another program than the one under test. */
async function fingerprintOf(publicFile: string): Promise<string> {
  return (await run('ssh-keygen', ['-lf', publicFile])).stdout.split(' ')[1] ?? '';
}

const isRoot = userInfo().uid === 0;

describe('keys', () => {
  let sshd: TestSshd;
  let agent: TestAgent | undefined;
  let config: string;
  const ssh = (name: string): string => join(sshd.home, '.ssh', name);
  const allow = async (file: string): Promise<void> => appendFile(sshd.authorizedKeys, await readFile(`${file}.pub`));
  /** The alias without a key file of its own, with these lines instead. */
  const configure = async (...lines: string[]): Promise<void> => {
    const text = config.split('\n').filter((line) => !line.includes('IdentityFile'));
    await writeFile(ssh('config'), [...text, ...lines.map((line) => `  ${line}`), ''].join('\n'));
  };
  beforeEach(async () => {
    sshd = await startSshd();
    config = (await readFile(ssh('config'), 'utf8')).trimEnd();
  });
  afterEach(async () => {
    agent?.stop();
    agent = undefined;
    await sshd.stop();
  });

  it('takes the key that the configuration names', async () => {
    expect(await whoAmI(requestFor(sshd, { interactive: false }))).toBe(sshd.user);
    expect(sshd.log()).toContain('Accepted publickey');
  });

  it('takes an explicit user and port before those of the configuration', async () => {
    await configure('IdentityFile ~/.ssh/id_%r_%u', 'Port 1', 'User nobody');
    await copyFile(sshd.clientKey, ssh(`id_${sshd.user}_nobody`));
    await rm(sshd.clientKey);
    const wish = { host: '127.0.0.1', user: sshd.user, port: sshd.port };
    await writeFile(ssh('config'), `Host 127.0.0.1\n  User nobody\n  Port 1\n  IdentityFile ~/.ssh/id_%r_%u\n`);
    expect(await whoAmI(requestFor(sshd, wish))).toBe(sshd.user);
  });

  it.each(['rsa', 'ecdsa'])('signs with %s', async (type) => {
    const key = await makeKey(ssh(`k_${type}`), type);
    await writeFile(sshd.authorizedKeys, await readFile(`${key}.pub`));
    await configure(`IdentityFile ${key}`);
    expect(await whoAmI(requestFor(sshd, { interactive: false }))).toBe(sshd.user);
  });

  it('tries the default keys when none is named', async () => {
    await configure();
    expect(await whoAmI(requestFor(sshd, { interactive: false }))).toBe(sshd.user);
  });

  it.each([['OpenSSH format', []], ['old format without a public file', ['-m', 'PEM']]])(
    'asks for the passphrase of an encrypted key: %s',
    async (_title, format) => {
      const key = ssh('locked');
      await run('ssh-keygen', ['-q', '-t', 'rsa', ...format, '-N', 'open sesame', '-f', key]);
      await writeFile(sshd.authorizedKeys, await readFile(`${key}.pub`));
      const fingerprint = format.length === 0 ? await fingerprintOf(`${key}.pub`) : undefined;
      await rm(`${key}.pub`);
      await configure(`IdentityFile ${key}`);
      const asker = new ScriptedAsker(false, ['wrong', 'open sesame']);
      expect(await whoAmI(requestFor(sshd, { asker }))).toBe(sshd.user);
      expect(asker.secrets.map(({ prompt, echo, wrong }) => [prompt, echo, wrong])).toEqual([0, 1].map((wrong) => [`Enter passphrase for key '${key}'`, false, wrong]));
      expect(asker.secrets[0]?.about).toEqual({ kind: 'passphrase', file: key, fingerprint });
      expect(asker.verdicts).toEqual([['passphrase', false], ['passphrase', true]]);
    },
  );

  it('gives an encrypted key up after three wrong passphrases and never names them', async () => {
    const key = await makeKey(ssh('locked'), 'ed25519', 'open sesame');
    await writeFile(sshd.authorizedKeys, await readFile(`${key}.pub`));
    await configure(`IdentityFile ${key}`);
    const asker = new ScriptedAsker(false, ['wrong-1', 'wrong-2', 'wrong-3', 'open sesame']);
    const error = await refusalOf(requestFor(sshd, { asker }));
    expect(error.reason).toBe('authentication');
    expect(error.message).toContain(`Tried: ${key}.`);
    expect(error.message).toContain('It accepts: publickey.');
    expect(asker.secrets).toHaveLength(3);
    expect(JSON.stringify([error.message, error.how, String(error.cause)])).not.toMatch(/wrong-|sesame/);
  });

  it('does not ask for the passphrase of a key that the server does not want', async () => {
    await makeKey(ssh('unwanted'), 'ed25519', 'open sesame');
    await configure(`IdentityFile ${ssh('unwanted')}`, `IdentityFile ${sshd.clientKey}`);
    const asker = new ScriptedAsker(false);
    expect(await whoAmI(requestFor(sshd, { asker }))).toBe(sshd.user);
    expect(asker.secrets).toEqual([]);
  });

  it('asks nobody in the background: an encrypted key opens only with a kept passphrase', async () => {
    const key = await makeKey(ssh('locked'), 'ed25519', 'open sesame');
    await writeFile(sshd.authorizedKeys, await readFile(`${key}.pub`));
    await configure(`IdentityFile ${key}`);
    const asker = new ScriptedAsker(false, ['open sesame']);
    expect(await refusalOf(requestFor(sshd, { asker, interactive: false }))).toMatchObject({ reason: 'authentication' });
    expect(asker.secrets).toEqual([]);
    expect(asker.unattended).toHaveLength(1);

    const kept = new ScriptedAsker(false, [], 'open sesame');
    expect(await whoAmI(requestFor(sshd, { asker: kept, interactive: false }))).toBe(sshd.user);
    expect(kept.verdicts).toEqual([['passphrase', true]]);

    const stale = new ScriptedAsker(false, [], 'it was another one');
    expect(await refusalOf(requestFor(sshd, { asker: stale, interactive: false }))).toMatchObject({ reason: 'authentication' });
    expect(stale.verdicts).toEqual([['passphrase', false]]);
  });

  it('leaves a key out after an empty answer and goes on with the next', async () => {
    const key = await makeKey(ssh('locked'), 'ed25519', 'open sesame');
    await allow(key);
    await configure(`IdentityFile ${key}`, `IdentityFile ${sshd.clientKey}`);
    const asker = new ScriptedAsker(false, ['']);
    expect(await whoAmI(requestFor(sshd, { asker }))).toBe(sshd.user);
    expect(asker.secrets).toHaveLength(1);
    expect(asker.verdicts).toEqual([]);
  });

  it('stops when the person cancels the passphrase', async () => {
    const key = await makeKey(ssh('locked'), 'ed25519', 'open sesame');
    await allow(key);
    await configure(`IdentityFile ${key}`);
    expect(await refusalOf(requestFor(sshd))).toMatchObject({ reason: 'cancelled' });
  });

  it('takes a key from the agent, and with IdentitiesOnly only the named ones', async () => {
    agent = await startAgent(sshd.folder);
    const key = await makeKey(ssh('agent_key'), 'rsa');
    await writeFile(sshd.authorizedKeys, await readFile(`${key}.pub`));
    await agent.add(key);
    await rm(key);
    await rm(sshd.clientKey);
    await configure();
    const machine = machineAt(sshd.home, { agentSocket: agent.socket });
    expect(await whoAmI(requestFor(sshd, { machine, interactive: false }))).toBe(sshd.user);

    await configure('IdentitiesOnly yes');
    expect(await refusalOf(requestFor(sshd, { machine }))).toMatchObject({ reason: 'authentication' });
    await configure('IdentitiesOnly yes', `IdentityFile ${key}`);
    expect(await whoAmI(requestFor(sshd, { machine, interactive: false }))).toBe(sshd.user);
    await configure('IdentityAgent none');
    expect(await refusalOf(requestFor(sshd, { machine }))).toMatchObject({ reason: 'authentication' });
    await configure(`IdentityAgent ${agent.socket}`);
    expect(await whoAmI(requestFor(sshd, { interactive: false }))).toBe(sshd.user);
    await configure('IdentityAgent $OTHER_AGENT');
    const withEnv = machineAt(sshd.home, { env: new Map([['OTHER_AGENT', agent.socket]]) });
    expect(await whoAmI(requestFor(sshd, { machine: withEnv, interactive: false }))).toBe(sshd.user);
  });

  it('explains what an agent with many keys does, and finds the named one among them', async () => {
    agent = await startAgent(sshd.folder);
    const right = await makeKey(ssh('right'), 'ed25519');
    await writeFile(sshd.authorizedKeys, await readFile(`${right}.pub`));
    // MaxAuthTries is 6 unless it is set (sshd_config(5)).
    for (let count = 0; count < 7; count++) await agent.add(await makeKey(ssh(`other_${count}`), 'ed25519'));
    await agent.add(right);
    await rm(sshd.clientKey);
    const machine = machineAt(sshd.home, { agentSocket: agent.socket });
    await configure();
    const error = await refusalOf(requestFor(sshd, { machine }));
    expect(error).toMatchObject({ reason: 'authentication' });
    expect(error.message).toContain('after too many attempts');
    expect(error.how).toContain('IdentitiesOnly yes');

    await configure(`IdentityFile ${right}`);
    expect(await whoAmI(requestFor(sshd, { machine, interactive: false }))).toBe(sshd.user);
    await configure(`IdentityFile ${right}`, 'IdentitiesOnly yes');
    expect(await whoAmI(requestFor(sshd, { machine, interactive: false }))).toBe(sshd.user);
  });

  it('does not forward the agent, though the configuration says so', async () => {
    agent = await startAgent(sshd.folder);
    await agent.add(sshd.clientKey);
    await configure('ForwardAgent yes');
    const transport = await connectSsh(requestFor(sshd, { machine: machineAt(sshd.home, { agentSocket: agent.socket }) }));
    try {
      expect((await outcomeOf(await transport.spawn(['sh', '-c', 'echo "[$SSH_AUTH_SOCK]"']))).out.trim()).toBe('[]');
    } finally {
      await transport.dispose();
    }
  });

  it('goes on without an agent that does not answer', async () => {
    const machine = machineAt(sshd.home, { agentSocket: join(sshd.folder, 'nobody-listens') });
    expect(await whoAmI(requestFor(sshd, { machine, interactive: false }))).toBe(sshd.user);
  });
});

/** Host keys and lists that only old servers need; sshd can still be told to offer nothing else. */
describe.each([
  ['a key exchange with group 1', ['KexAlgorithms diffie-hellman-group1-sha1']],
  ['a key exchange with SHA-1', ['KexAlgorithms diffie-hellman-group14-sha1']],
  ['CBC', ['Ciphers aes128-cbc,aes256-cbc,3des-cbc']],
  ['HMAC with SHA-1', ['Ciphers aes128-ctr', 'MACs hmac-sha1']],
  ['host keys that sign with SHA-1', ['HostKeyAlgorithms ssh-rsa']],
])('a server that can only do %s', (_what, config) => {
  it('is refused with a sentence, and nothing is asked', async () => {
    const sshd = await startSshd({ config, hostKeyTypes: ['rsa'] });
    try {
      const asker = new ScriptedAsker(true, ['x']);
      const error = await refusalOf(requestFor(sshd, { asker }));
      expect(error.reason).toBe('unsupported');
      expect(error.message).toContain('no safe SSH algorithm in common');
      expect([asker.hostKeys, asker.secrets]).toEqual([[], []]);
      expect(sshd.log()).not.toContain('Accepted publickey');
    } finally {
      await sshd.stop();
    }
  });
});

it('makes no SHA-1 signature for a server that takes no other', async () => {
  const sshd = await startSshd({ config: ['PubkeyAcceptedAlgorithms ssh-rsa'] });
  try {
    const key = await makeKey(join(sshd.home, '.ssh', 'k_rsa'), 'rsa');
    await writeFile(sshd.authorizedKeys, await readFile(`${key}.pub`));
    const config = await readFile(join(sshd.home, '.ssh/config'), 'utf8');
    await writeFile(join(sshd.home, '.ssh/config'), config.replace(/IdentityFile .*/, `IdentityFile ${key}`));
    expect(await refusalOf(requestFor(sshd))).toMatchObject({ reason: 'authentication' });
    expect(sshd.log()).not.toContain('Accepted publickey');
  } finally {
    await sshd.stop();
  }
});

// Creating an account needs root; the questions of a server are covered without it in questions.test.ts.
describe.runIf(isRoot)('a password that sshd checks', () => {
  const user = `dl${randomBytes(4).toString('hex')}`;
  const password = randomBytes(12).toString('base64url');
  let sshd: TestSshd;
  beforeAll(async () => {
    await run('useradd', ['--no-create-home', '--home-dir', '/', '--shell', '/bin/sh', user]);
    const change = run('chpasswd');
    change.child.stdin?.end(`${user}:${password}\n`);
    await change;
    sshd = await startSshd({ config: ['PasswordAuthentication yes'] });
  });
  afterAll(async () => {
    await sshd.stop();
    await run('userdel', [user]);
  });

  it('lets in after a wrong one', async () => {
    const asker = new ScriptedAsker(false, ['wrong', password]);
    const host = { host: '127.0.0.1', port: sshd.port, user };
    expect(await whoAmI(requestFor(sshd, { ...host, asker }))).toBe(user);
    const about = { kind: 'password', hostKey: await fingerprintOf(join(sshd.folder, 'host_ed25519.pub')) };
    const question = { host: `${user}@127.0.0.1`, prompt: `${user}@127.0.0.1's password`, echo: false, about, interactive: true };
    expect(asker.secrets).toEqual([{ ...question, wrong: 0 }, { ...question, wrong: 1 }]);
    expect(asker.verdicts).toEqual([['password', false], ['password', true]]);
  });

  it('gives up after three', async () => {
    const asker = new ScriptedAsker(false, ['wrong-1', 'wrong-2', 'wrong-3', password]);
    const error = await refusalOf(requestFor(sshd, { host: '127.0.0.1', port: sshd.port, user, asker }));
    expect(error.reason).toBe('authentication');
    expect(error.message).not.toMatch(/wrong-/);
    expect(asker.secrets).toHaveLength(3);
  });

  it('takes a kept one in the background, and tells that it was right', async () => {
    const asker = new ScriptedAsker(false, [], password);
    expect(await whoAmI(requestFor(sshd, { host: '127.0.0.1', port: sshd.port, user, asker, interactive: false }))).toBe(user);
    expect([asker.secrets, asker.verdicts]).toEqual([[], [['password', true]]]);
  });

  it('tries a kept one that is wrong once, tells so, and asks nobody in the background', async () => {
    const asker = new ScriptedAsker(false, [password], 'it was another one');
    const request = requestFor(sshd, { host: '127.0.0.1', port: sshd.port, user, asker, interactive: false });
    expect(await refusalOf(request)).toMatchObject({ reason: 'authentication' });
    expect([asker.secrets, asker.verdicts]).toEqual([[], [['password', false]]]);
    expect(asker.unattended.map(({ wrong }) => wrong)).toEqual([0, 1]);
  });

  it('is asked for by the jump host and by the target, each under its own name and host key', async () => {
    const hop = await startSshd({ config: ['PasswordAuthentication yes'] });
    try {
      const block = (name: string, port: number): string => `Host ${name}\n  HostName 127.0.0.1\n  Port ${port}\n  User ${user}\n`;
      await writeFile(join(hop.home, '.ssh/config'), `${block('hop', hop.port)}${block('behind', sshd.port)}  ProxyJump hop\n`);
      await appendFile(hop.knownHosts, await readFile(sshd.knownHosts));
      const asker = new ScriptedAsker(false, [password, password]);
      expect(await whoAmI(requestFor(hop, { host: 'behind', asker }))).toBe(user);
      const keyOf = ({ folder }: TestSshd): Promise<string> => fingerprintOf(join(folder, 'host_ed25519.pub'));
      expect(asker.secrets.map(({ host, about }) => [host, about])).toEqual([
        [`${user}@hop`, { kind: 'password', hostKey: await keyOf(hop) }],
        [`${user}@behind`, { kind: 'password', hostKey: await keyOf(sshd) }],
      ]);
      expect(asker.verdicts).toEqual([['password', true], ['password', true]]);
    } finally {
      await hop.stop();
    }
  });

  describe('that wants a key and a password', () => {
    let both: TestSshd;
    let keys: string;
    beforeAll(async () => {
      // sshd reads the list of keys as the user that logs in.
      keys = await mkdtemp(join(tmpdir(), 'droplens-keys-'));
      await chmod(keys, 0o755);
      const authorized = join(keys, 'authorized_keys');
      both = await startSshd({ config: ['PasswordAuthentication yes', 'AuthenticationMethods publickey,password', `AuthorizedKeysFile ${authorized}`] });
      await makeKey(join(both.home, '.ssh', 'k_rsa'), 'rsa');
      const listed = await Promise.all([`${both.clientKey}.pub`, join(both.home, '.ssh', 'k_rsa.pub')].map((file) => readFile(file, 'utf8')));
      await writeFile(authorized, listed.join(''), { mode: 0o644 });
    });
    afterAll(async () => {
      await both.stop();
      await rm(keys, { recursive: true });
    });

    it.each(['id_ed25519', 'k_rsa'])('gets one after the other: %s', async (name) => {
      const file = join(both.home, '.ssh/config');
      await writeFile(file, (await readFile(file, 'utf8')).replace(/IdentityFile .*/, `IdentityFile ~/.ssh/${name}`));
      const asker = new ScriptedAsker(false, ['wrong', password]);
      expect(await whoAmI(requestFor(both, { user, asker }))).toBe(user);
      expect(both.log()).toContain('Partial publickey');
      expect(asker.secrets.map(({ about, wrong }) => [about.kind, wrong])).toEqual([['password', 0], ['password', 1]]);
      expect(asker.verdicts).toEqual([['password', false], ['password', true]]);
    });

    it('is told apart from a server that takes a key alone', async () => {
      const asker = new ScriptedAsker(false, ['wrong-1', 'wrong-2', 'wrong-3']);
      const error = await refusalOf(requestFor(both, { user, asker }));
      expect(error.reason).toBe('authentication');
      expect(error.message).toContain('It accepts: password.');
    });
  });
});
