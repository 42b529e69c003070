import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2, { type AuthContext } from 'ssh2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileHostKeyStore } from '../../src/collect/ssh/entry.js';
import { fingerprint } from '../../src/collect/ssh/knownHosts.js';
import type { SshMachine, SshRequest } from '../../src/collect/ssh/types.js';
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

async function whoAmI(request: SshRequest): Promise<string> {
  const transport = await connectBySystem(request);
  try {
    return (await outcomeOf(await transport.spawn(['id', '-un']))).out.trim();
  } finally {
    await transport.dispose();
  }
}

const fingerprintOf = async (publicFile: string): Promise<string> =>
  fingerprint(Buffer.from((await readFile(publicFile, 'utf8')).split(' ')[1] ?? '', 'base64'));

describe('keys', () => {
  let sshd: TestSshd;
  beforeEach(async () => {
    sshd = await startSystemSshd();
  });
  afterEach(() => sshd.stop());
  const request = (over: Partial<SshRequest> = {}): SshRequest => systemRequest(sshd, runtime, over);

  it('uses a certificate of the user', async () => {
    const authority = await makeKey(join(sshd.folder, 'authority'), 'ed25519');
    await run('ssh-keygen', ['-q', '-s', authority, '-I', 'user', '-n', sshd.user, `${sshd.clientKey}.pub`]);
    const strict = await startSystemSshd({ config: [`TrustedUserCAKeys ${authority}.pub`] });
    try {
      // The server knows the authority only: without the certificate, the key opens nothing.
      await writeFile(strict.authorizedKeys, '');
      const config = await readFile(join(strict.home, '.ssh/config'), 'utf8');
      await writeFile(join(strict.home, '.ssh/config'), config.replace(strict.clientKey, sshd.clientKey));
      expect(await whoAmI(systemRequest(strict, runtime, { interactive: false }))).toBe(strict.user);
      await rm(`${sshd.clientKey}-cert.pub`);
      const refusal = await refusalBySystem(systemRequest(strict, runtime, { interactive: false }));
      expect(refusal).toMatchObject({ reason: 'authentication', message: expect.stringContaining('It accepts: publickey.') as string });
    } finally {
      await strict.stop();
    }
  });

  it('asks for a passphrase until it is right, and tells what each answer was worth', async () => {
    const locked = await makeKey(join(sshd.folder, 'locked'), 'ed25519', 'open sesame');
    await writeFile(sshd.authorizedKeys, await readFile(`${locked}.pub`));
    await appendFile(join(sshd.home, '.ssh/config'), `  IdentityFile ${locked}\n  IdentitiesOnly yes\n`);
    const asker = new ScriptedAsker(false, ['wrong', 'open sesame']);
    expect(await whoAmI(request({ asker }))).toBe(sshd.user);
    const about = { kind: 'passphrase', file: locked, fingerprint: await fingerprintOf(`${locked}.pub`) };
    expect(asker.secrets).toEqual(
      [0, 1].map((wrong) => ({
        host: `${sshd.user}@${sshd.alias}`,
        prompt: `Enter passphrase for key '${locked}':`,
        echo: false,
        about,
        wrong,
        interactive: true,
      })),
    );
    expect(asker.verdicts).toEqual([
      ['passphrase', false],
      ['passphrase', true],
    ]);
  });

  it('takes a passphrase with every character that a person can type', async () => {
    const passphrase = `"$(x)" 'ü\\n' %s -e`;
    const locked = await makeKey(join(sshd.folder, 'locked'), 'ed25519', passphrase);
    await writeFile(sshd.authorizedKeys, await readFile(`${locked}.pub`));
    await appendFile(join(sshd.home, '.ssh/config'), `  IdentityFile ${locked}\n  IdentitiesOnly yes\n`);
    expect(await whoAmI(request({ asker: new ScriptedAsker(false, [passphrase]) }))).toBe(sshd.user);
  });

  it('goes on without a key whose passphrase nobody gives, in the background', async () => {
    const locked = await makeKey(join(sshd.folder, 'locked'), 'ed25519', 'x');
    const config = await readFile(join(sshd.home, '.ssh/config'), 'utf8');
    await writeFile(join(sshd.home, '.ssh/config'), config.replace('  IdentityFile', `  IdentityFile ${locked}\n  IdentityFile`));
    const asker = new ScriptedAsker(false);
    expect(await whoAmI(request({ asker, interactive: false }))).toBe(sshd.user);
    expect(asker.secrets).toEqual([]);
    // One that is kept opens it without anybody.
    await writeFile(sshd.authorizedKeys, await readFile(`${locked}.pub`));
    expect(await whoAmI(request({ asker: new ScriptedAsker(false, [], 'x'), interactive: false }))).toBe(sshd.user);
  });

  it('gives up when the person cancels, or the caller does', async () => {
    const locked = await makeKey(join(sshd.folder, 'locked'), 'ed25519', 'x');
    await writeFile(sshd.authorizedKeys, await readFile(`${locked}.pub`));
    await writeFile(join(sshd.home, '.ssh/config'), (await readFile(join(sshd.home, '.ssh/config'), 'utf8')).replace(sshd.clientKey, locked));
    expect(await refusalBySystem(request({ asker: new ScriptedAsker(false, [undefined]) }))).toMatchObject({ reason: 'cancelled' });
    const abort = new AbortController();
    const asker = { hostKey: () => Promise.resolve(false), secret: () => (abort.abort(), new Promise<undefined>(() => undefined)) };
    expect(await refusalBySystem(request({ asker, signal: abort.signal }))).toMatchObject({ reason: 'cancelled' });
  });

  it('says in a sentence what is wrong', async () => {
    await writeFile(sshd.authorizedKeys, '');
    expect(await refusalBySystem(request())).toMatchObject({
      reason: 'authentication',
      message: `${sshd.alias} (127.0.0.1) did not let ${sshd.user} in. It accepts: publickey.`,
    });
    await appendFile(join(sshd.home, '.ssh/config'), 'Host nowhere\n  HostName nowhere.invalid\nHost closed\n  HostName 127.0.0.1\n  Port 1\n');
    expect(await refusalBySystem(request({ host: 'nowhere' }))).toMatchObject({ reason: 'unreachable', message: /could not be resolved/ });
    expect(await refusalBySystem(request({ host: 'closed' }))).toMatchObject({ reason: 'unreachable', message: /refused the connection/ });
    const missing = systemMachine(sshd.home, runtime, { sshProgram: '/nonexistent/ssh' });
    expect(await refusalBySystem(request({ machine: missing }))).toMatchObject({ reason: 'unsupported', message: /could not be started/ });
    const none = systemMachine(sshd.home, runtime, { sshProgram: undefined });
    expect(await refusalBySystem(request({ machine: none }))).toMatchObject({ reason: 'unsupported' });
  });

  it('gives up a server that says nothing', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    await appendFile(join(sshd.home, '.ssh/config'), `Host silent\n  HostName 127.0.0.1\n  Port ${port}\n  ConnectTimeout 1\n`);
    expect(await refusalBySystem(request({ host: 'silent' }))).toMatchObject({ reason: 'timeout' });
    silent.close();
  });
});

describe('questions of a server', () => {
  let home: string;
  let hostKey: string;
  let server: ssh2.Server | undefined;

  const serve = async (answer: (context: AuthContext) => void): Promise<number> => {
    server = new ssh2.Server({ hostKeys: [await readFile(hostKey)] }, (client) => {
      client.on('error', () => undefined).on('authentication', answer);
    });
    const listening = server;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    const key = (await readFile(`${hostKey}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    await writeFile(join(home, '.ssh/known_hosts'), `[127.0.0.1]:${port} ${key}\n`);
    await writeFile(join(home, '.ssh/config'), `UserKnownHostsFile ${join(home, '.ssh/known_hosts')}\n`);
    return port;
  };
  const request = (port: number, asker: SshRequest['asker'], over: Partial<SshRequest> = {}): SshRequest => ({
    host: '127.0.0.1',
    port,
    user: 'ann',
    asker,
    interactive: true,
    client: 'system',
    mayRunPrograms: true,
    machine: systemMachine(home, runtime),
    ownStore: fileHostKeyStore(join(home, 'hostkeys.json')),
    ...over,
  });
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'droplens-ssh-'));
    await mkdir(join(home, '.ssh'), { mode: 0o700 });
    hostKey = await makeKey(join(home, 'host'), 'ed25519');
  });
  afterEach(async () => {
    server?.close();
    await rm(home, { recursive: true, force: true });
  });

  it('asks for a password under the key of the host, and keeps it out of every command line', async () => {
    const port = await serve((context) => {
      if (context.method === 'password' && context.password === 'hunter2 $x') context.accept();
      else context.reject(['password']);
    });
    const answers = ['wrong', 'hunter2 $x', 'hunter2 $x'];
    const asker = new ScriptedAsker(false, answers);
    const seen: number[][] = [];
    const watching = {
      hostKey: (question: Parameters<ScriptedAsker['hostKey']>[0]) => asker.hostKey(question),
      secret: (question: Parameters<ScriptedAsker['secret']>[0]) => (seen.push(running('hunter2')), asker.secret(question)),
    };
    const hostKeyFingerprint = await fingerprintOf(`${hostKey}.pub`);
    for (let round = 0; round < 2; round++) {
      const transport = await connectBySystem(request(port, watching));
      seen.push(running('hunter2'));
      await transport.dispose();
    }
    expect(asker.secrets.map(({ about, wrong, host }) => [about, wrong, host])).toEqual(
      [0, 1, 0].map((wrong) => [{ kind: 'password', hostKey: hostKeyFingerprint }, wrong, 'ann@127.0.0.1']),
    );
    expect(seen.flat()).toEqual([]);
  });

  it('passes on what a server asks, with what it says before', async () => {
    const port = await serve((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      context.prompt([{ prompt: 'Password: ', echo: false }], 'Two\u001b[31m factors', (first) => {
        context.prompt([{ prompt: 'Code: ', echo: true }], (second) => {
          if (first[0] === 'secret' && second[0] === '123') context.accept();
          else context.reject(['keyboard-interactive']);
        });
      });
    });
    const asker = new ScriptedAsker(false, ['secret', '123']);
    await (await connectBySystem(request(port, asker))).dispose();
    expect(asker.secrets.map(({ about }) => about.kind)).toEqual(['question', 'question']);
    expect(asker.secrets[0]?.prompt).toMatch(/Two.* factors · \(ann@127\.0\.0\.1\) Password:$/);
    expect(asker.secrets[1]?.prompt).toMatch(/\(ann@127\.0\.0\.1\) Code:$/);
  });

  it('does not take a server’s question for one of our own', async () => {
    const prompts = ["Enter passphrase for key '/home/ann/.ssh/id_ed25519': ", "ann@127.0.0.1's password: ", '-e process.exit(7)', "\nann@127.0.0.1's password: "];
    const port = await serve((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      context.prompt(prompts.map((prompt) => ({ prompt, echo: false })), () => context.accept());
    });
    const asker = new ScriptedAsker(false, prompts.map(() => 'x'));
    await (await connectBySystem(request(port, asker))).dispose();
    expect(asker.secrets).toHaveLength(prompts.length);
    expect(asker.secrets.map(({ about }) => about.kind)).toEqual(prompts.map(() => 'question'));
  });

  it('sends nothing to the host when nobody answers', async () => {
    const attempts: string[] = [];
    const port = await serve((context) => {
      attempts.push(context.method);
      context.reject(['password']);
    });
    const asker = new ScriptedAsker(false);
    expect(await refusalBySystem(request(port, asker, { interactive: false }))).toMatchObject({ reason: 'authentication', message: /nobody could be asked/ });
    expect(asker.unattended).toHaveLength(1);
    expect(attempts).not.toContain('password');
  });

  it('leaves a server that never stops asking', async () => {
    const port = await serve((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      const again = (): void => void context.prompt([{ prompt: 'More: ', echo: false }], again);
      again();
    });
    const asker = new ScriptedAsker(false, Array<string>(500).fill('x'));
    expect(await refusalBySystem(request(port, asker))).toMatchObject({ reason: 'authentication', message: /asked again/ });
    expect(asker.secrets).toHaveLength(3);
  });
});

describe('an OpenSSH of before 8.5', () => {
  let sshd: TestSshd;
  let machine: SshMachine;
  beforeEach(async () => {
    sshd = await startSystemSshd();
    const folder = join(sshd.folder, "of an old 'ssh'");
    await mkdir(folder);
    const sshProgram = join(folder, 'ssh');
    // It refuses options as the old one does, and reads its configuration from a path with spaces.
    const script = `#!/bin/sh
for word; do [ "$before" = -F ] && file=$word; before=$word; done
if grep -qiE 'KnownHostsCommand|ForkAfterAuthentication|StdinNull' "$file"; then
  echo "$file: line 1: Bad configuration option: knownhostscommand" >&2
  exit 255
fi
exec ssh "$@"
`;
    await writeFile(sshProgram, script, { mode: 0o755 });
    const configFile = join(folder, 'config');
    await writeFile(configFile, await readFile(join(sshd.home, '.ssh/config')));
    machine = systemMachine(sshd.home, runtime, { sshProgram, configFile });
  });
  afterEach(() => sshd.stop());

  it('is let in where the key is known, and asks nothing that a server could fake', async () => {
    const locked = await makeKey(join(sshd.folder, 'locked'), 'ed25519', 'x');
    await writeFile(sshd.authorizedKeys, await readFile(`${locked}.pub`));
    await appendFile(machine.configFile ?? '', `  IdentityFile ${locked}\n`);
    const asker = new ScriptedAsker(false, ['x']);
    expect(await whoAmI(systemRequest(sshd, runtime, { machine, asker }))).toBe(sshd.user);
    expect(asker.secrets.map(({ about }) => about)).toEqual([{ kind: 'question' }]);
  });

  it('does not connect where the key is unknown, and says how it becomes known', async () => {
    await writeFile(sshd.knownHosts, '');
    const asker = new ScriptedAsker(true);
    const refusal = await refusalBySystem(systemRequest(sshd, runtime, { machine, asker }));
    expect(refusal).toMatchObject({ reason: 'host-key-unknown', how: /in a terminal/ });
    expect(asker.hostKeys).toEqual([]);
  });
});

it('uses the shared connection of the person where there is one, and leaves it as it is', async () => {
  const sshd = await startSystemSshd();
  const path = join(sshd.folder, 'control');
  const config = join(sshd.home, '.ssh/config');
  await appendFile(config, `  ControlPath ${path}\n  ControlMaster auto\n  ControlPersist 60\n`);
  const check = (): Promise<unknown> => run('ssh', ['-F', config, '-O', 'check', '--', sshd.alias]);
  try {
    // Without one, ours is made elsewhere, and nothing is left that the configuration would keep.
    expect(await whoAmI(systemRequest(sshd, runtime))).toBe(userInfo().username);
    await expect(check()).rejects.toThrow();
    await run('ssh', ['-F', config, '-M', '-N', '-f', '--', sshd.alias]);
    const transport = await connectBySystem(systemRequest(sshd, runtime));
    expect(runtime.left()).toEqual([]);
    expect((await outcomeOf(await transport.spawn(['echo', 'shared']))).out).toBe('shared\n');
    expect(await sshd.connections()).toHaveLength(1);
    await transport.dispose();
    await check();
  } finally {
    await run('ssh', ['-F', config, '-O', 'exit', '--', sshd.alias]).catch(() => undefined);
    await sshd.stop();
  }
});
