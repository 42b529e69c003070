import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2, { type AuthContext } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectSsh, fileHostKeyStore } from '../../src/collect/ssh/entry.js';
import type { SshRequest } from '../../src/collect/ssh/types.js';
import { makeKey } from './sshd.js';
import { machineAt, ScriptedAsker } from './support.js';

const run = promisify(execFile);

/** A server inside the test, for what an sshd without PAM cannot ask. */
describe('questions of a server', () => {
  let home: string;
  let hostKey: string;
  let server: ssh2.Server | undefined;
  const attempts: string[] = [];

  const serve = async (answer: (context: AuthContext) => void): Promise<number> => {
    attempts.length = 0;
    server = new ssh2.Server({ hostKeys: [await readFile(hostKey)] }, (client) => {
      client.on('error', () => undefined);
      client.on('authentication', (context) => {
        attempts.push(context.method);
        answer(context);
      });
    });
    const listening = server;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    const key = (await readFile(`${hostKey}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
    await writeFile(join(home, '.ssh/known_hosts'), `[127.0.0.1]:${port} ${key}\n`);
    return port;
  };
  const request = (port: number, asker: ScriptedAsker, over: Partial<SshRequest> = {}): SshRequest => ({
    host: '127.0.0.1',
    port,
    user: 'ann',
    asker,
    interactive: true,
    client: 'auto',
    mayRunPrograms: true,
    machine: machineAt(home),
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

  it('answers several rounds and obeys echo', async () => {
    const port = await serve((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      context.prompt([{ prompt: 'Password: ', echo: false }], 'Two\u001b[31m factors', (first) => {
        context.prompt([{ prompt: 'Code: ', echo: true }], (second) => {
          if (first[0] === 'secret' && second[0] === '123') context.accept();
          else context.reject(['keyboard-interactive']);
        });
      });
    });
    const asker = new ScriptedAsker(false, ['secret', 'bad', 'secret', '123']);
    const transport = await connectSsh(request(port, asker));
    await transport.dispose();
    expect(asker.secrets.map(({ prompt, echo }) => [prompt, echo])).toEqual([
      ['Two [31m factors · Password:', false],
      ['Code:', true],
      ['Two [31m factors · Password:', false],
      ['Code:', true],
    ]);
    expect(attempts).toEqual(['none', 'keyboard-interactive', 'keyboard-interactive']);
  });

  it('leaves a server that never stops asking', async () => {
    let rounds = 0;
    const port = await serve((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      const again = (): void => {
        rounds++;
        if (rounds % 25 === 0) context.reject(['keyboard-interactive']);
        else context.prompt([{ prompt: 'More: ', echo: false }], again);
      };
      again();
    });
    const asker = new ScriptedAsker(false, Array<string>(500).fill('x'));
    await expect(connectSsh(request(port, asker))).rejects.toMatchObject({ reason: 'authentication' });
    expect(asker.secrets).toHaveLength(30);
  });

  it('does not pass on a flood of questions', async () => {
    const port = await serve((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      context.prompt(Array.from({ length: 200 }, () => ({ prompt: 'More: ', echo: false })), () => context.reject(['keyboard-interactive']));
    });
    const asker = new ScriptedAsker(false, Array<string>(1_000).fill('x'));
    await expect(connectSsh(request(port, asker))).rejects.toMatchObject({ reason: 'authentication' });
    expect(asker.secrets).toEqual([]);
  });

  it('gives one method after the other where the server wants several', async () => {
    const key = await makeKey(join(home, '.ssh/id_ed25519'), 'ed25519');
    expect(key).toContain('id_ed25519');
    const port = await serve((context) => {
      if (context.method === 'password' && context.password === 'secret') context.reject(['publickey'], true);
      else if (context.method === 'publickey' && attempts.includes('password')) context.accept();
      else context.reject(['password']);
    });
    const asker = new ScriptedAsker(false, ['secret']);
    const transport = await connectSsh(request(port, asker));
    await transport.dispose();
    expect(attempts.slice(0, 3)).toEqual(['none', 'password', 'publickey']);
  });

  it('answers questions after a key, where the server wants both', async () => {
    const key = await makeKey(join(home, '.ssh/id_ed25519'), 'ed25519', 'open sesame');
    expect(key).toContain('id_ed25519');
    let missing: 'publickey' | 'keyboard-interactive' = 'publickey';
    const port = await serve((context) => {
      // Without a signature a key is only asked about.
      if (context.method === 'publickey' && context.signature === undefined) context.accept();
      else if (context.method === 'publickey') {
        missing = 'keyboard-interactive';
        context.reject([missing], true);
      } else if (context.method === 'keyboard-interactive') {
        context.prompt([{ prompt: 'Code: ', echo: false }], (answers) => (answers[0] === '123' ? context.accept() : context.reject(['keyboard-interactive'])));
      } else context.reject([missing]);
    });
    const asker = new ScriptedAsker(false, ['open sesame', '000', '123']);
    await (await connectSsh(request(port, asker))).dispose();
    expect(asker.secrets.map(({ about, wrong }) => [about.kind, wrong])).toEqual([['passphrase', 0], ['question', 0], ['question', 1]]);
    expect(asker.verdicts).toEqual([['passphrase', true]]);
  });

  it('knows that a password was right when the server wants more besides', async () => {
    const port = await serve((context) => {
      if (context.method === 'password' && context.password === 'secret') context.reject(['keyboard-interactive'], true);
      else context.reject(['password']);
    });
    const asker = new ScriptedAsker(false, ['secret']);
    await expect(connectSsh(request(port, asker))).rejects.toMatchObject({ reason: 'cancelled' });
    expect(asker.verdicts).toEqual([['password', true]]);
  });

  it('asks no question of a server in the background', async () => {
    const port = await serve((context) => context.reject(['keyboard-interactive', 'password']));
    const asker = new ScriptedAsker(false, ['x']);
    await expect(connectSsh(request(port, asker, { interactive: false }))).rejects.toMatchObject({ reason: 'authentication' });
    expect(attempts).toEqual(['none']);
    expect(asker.unattended.map(({ about }) => about.kind)).toEqual(['password']);
  });

  it('says that a password has expired', async () => {
    const port = await serve((context) => {
      if (context.method === 'password') context.requestChange('Your password has expired', () => undefined);
      else context.reject(['password']);
    });
    await expect(connectSsh(request(port, new ScriptedAsker(false, ['old'])))).rejects.toMatchObject({
      reason: 'authentication',
      message: 'The password of ann on 127.0.0.1 has expired.',
    });
  });

  it('obeys PreferredAuthentications and what is switched off', async () => {
    const port = await serve((context) => context.reject(['publickey', 'password', 'keyboard-interactive']));
    await makeKey(join(home, '.ssh/id_ed25519'), 'ed25519');
    await writeFile(join(home, '.ssh/config'), 'PreferredAuthentications password,publickey\nPubkeyAuthentication no\nNumberOfPasswordPrompts 1\n');
    const error: unknown = await connectSsh(request(port, new ScriptedAsker(false, ['x']))).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reason: 'authentication' });
    expect(attempts).toEqual(['none', 'password']);
    expect(String(error)).toContain('It accepts: publickey, password, keyboard-interactive. Tried: password.');
  });

  it('asks nothing with BatchMode', async () => {
    const port = await serve((context) => context.reject(['password']));
    await writeFile(join(home, '.ssh/config'), 'BatchMode yes\n');
    const asker = new ScriptedAsker(true, ['x']);
    await expect(connectSsh(request(port, asker))).rejects.toMatchObject({ reason: 'authentication' });
    expect(asker.secrets).toEqual([]);
  });

  it('lets no request for authentication go to a host whose key has changed', async () => {
    const port = await serve((context) => context.accept());
    const other = await makeKey(join(home, 'other'), 'ed25519');
    const right = await readFile(join(home, '.ssh/known_hosts'), 'utf8');
    await writeFile(join(home, '.ssh/known_hosts'), `[127.0.0.1]:${port} ${await readFile(`${other}.pub`, 'utf8')}`);
    await expect(connectSsh(request(port, new ScriptedAsker(true)))).rejects.toMatchObject({ reason: 'host-key-changed' });
    expect(attempts).toEqual([]);
    await writeFile(join(home, '.ssh/known_hosts'), right);
    await (await connectSsh(request(port, new ScriptedAsker(true)))).dispose();
    expect(attempts).toEqual(['none']);
  });

  it('gives up a connection that the caller cancels while a question is open', async () => {
    const port = await serve((context) => context.reject(['password']));
    const abort = new AbortController();
    const asker = new ScriptedAsker(true);
    const secret = (): Promise<string | undefined> =>
      new Promise(() => {
        abort.abort();
      });
    const asking = { hostKey: asker.hostKey.bind(asker), secret };
    await expect(connectSsh(request(port, asker, { asker: asking, signal: abort.signal }))).rejects.toMatchObject({ reason: 'cancelled' });
  });

  it('offers no algorithm that rests on SHA-1 or CBC', async () => {
    const keep = { serverHostKey: ['rsa-sha2-512'], kex: ['diffie-hellman-group14-sha1'] } as const;
    await run('ssh-keygen', ['-q', '-t', 'rsa', '-N', '', '-f', join(home, 'rsa')]);
    const old = new ssh2.Server(
      { hostKeys: [await readFile(join(home, 'rsa'))], algorithms: { serverHostKey: [...keep.serverHostKey], kex: [...keep.kex] } },
      (client) => client.on('error', () => undefined),
    );
    server = old;
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const { port } = old.address() as AddressInfo;
    await expect(connectSsh(request(port, new ScriptedAsker(true)))).rejects.toMatchObject({ reason: 'unsupported' });
  });
});

describe('hosts that do not answer as they should', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'droplens-ssh-'));
    await mkdir(join(home, '.ssh'), { mode: 0o700 });
  });
  afterEach(() => rm(home, { recursive: true, force: true }));
  const connect = (host: string, port: number): Promise<unknown> =>
    connectSsh({
      host,
      port,
      asker: new ScriptedAsker(true),
      interactive: true,
      client: 'auto',
      mayRunPrograms: true,
      machine: machineAt(home),
      ownStore: fileHostKeyStore(join(home, 'hostkeys.json')),
    }).catch((reason: unknown) => reason);

  it('says that nothing listens', async () => {
    const port = await portOf(() => undefined, true);
    expect(await connect('127.0.0.1', port)).toMatchObject({
      reason: 'unreachable',
      message: `127.0.0.1 refused the connection: nothing listens on port ${port}.`,
    });
  });

  it('says that a name does not exist', async () => {
    expect(await connect('no-such-host.invalid', 22)).toMatchObject({
      reason: 'unreachable',
      message: 'The name no-such-host.invalid could not be resolved to an address.',
    });
  });

  it('gives a silent host up after ConnectTimeout', async () => {
    await writeFile(join(home, '.ssh/config'), 'ConnectTimeout 1\n');
    let hungUp: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      hungUp = resolve;
    });
    const port = await portOf((socket) => socket.on('close', hungUp).resume());
    expect(await connect('127.0.0.1', port)).toMatchObject({ reason: 'timeout' });
    await gone;
  });

  it('says that a host hangs up', async () => {
    expect(await connect('127.0.0.1', await portOf((socket) => socket.end()))).toMatchObject({ reason: 'unreachable' });
  });

  it('does not choke on another protocol', async () => {
    const port = await portOf((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await connect('127.0.0.1', port)).toMatchObject({ reason: 'unreachable' });
  });

  const servers: { close(): void }[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  async function portOf(talk: (socket: Socket) => void, close = false): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      talk(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    if (close) await new Promise((resolve) => server.close(resolve));
    else servers.push({ close: () => void (server.close(), sockets.forEach((socket) => socket.destroy())) });
    return port;
  }
});
