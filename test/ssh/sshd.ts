import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real sshd on loopback. Everything that it uses lies in one private folder, which `stop` removes. */
export interface TestSshd {
  readonly port: number;
  /** The user that can log in: the one who runs the test. */
  readonly user: string;
  /** A home folder with a client's `.ssh`: `config` (alias {@link alias}), `id_ed25519`, `known_hosts`. */
  readonly home: string;
  /** Name in the home's ssh configuration under which the server can be reached. */
  readonly alias: string;
  /** Private key file that the server lets in. */
  readonly clientKey: string;
  /** known_hosts file that holds the server's keys. */
  readonly knownHosts: string;
  /** Lists more public keys that are let in. */
  readonly authorizedKeys: string;
  /** The server's private folder, for further files of a test. */
  readonly folder: string;
  /** Lines `type base64` of the server's host keys. */
  readonly hostKeys: readonly string[];
  /** What the server wrote to its log so far. */
  log(): string;
  /** Process numbers of the connections that are open. */
  connections(): Promise<number[]>;
  /** Ends the server and its connections at once, as a crash does. */
  crash(): Promise<void>;
  /** Starts it again after a crash, on the same port and with the same keys. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestSshdOptions {
  /** Types of host keys; `['ed25519']` unless given. */
  readonly hostKeyTypes?: readonly ('ed25519' | 'ecdsa' | 'rsa')[];
  /** Further lines of sshd_config; they outrank those of this file. */
  readonly config?: readonly string[];
  /** Adds the server's keys to known_hosts; `true` unless given. */
  readonly known?: boolean;
  /**
   * Shell text that runs before the server, in a mount namespace of its own (needs root): what it mounts only the server
   * and its sessions see. `$1` is the server's private folder.
   */
  readonly mounts?: string;
}

/** Makes a key pair with ssh-keygen and answers the private file's path. */
export async function makeKey(file: string, type: string, passphrase = ''): Promise<string> {
  await run('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'droplens-test', '-f', file]);
  return file;
}

/** Starts an sshd on a free port of 127.0.0.1 and waits until it listens. Needs the package openssh-server. */
export async function startSshd(options: TestSshdOptions = {}): Promise<TestSshd> {
  const folder = await mkdtemp(join(tmpdir(), 'droplens-sshd-'));
  const home = join(folder, 'home');
  const ssh = join(home, '.ssh');
  await mkdir(ssh, { recursive: true, mode: 0o700 });
  // As root, sshd separates its privileges into this folder and does not start without it.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const clientKey = await makeKey(join(ssh, 'id_ed25519'), 'ed25519');
  const authorizedKeys = join(folder, 'authorized_keys');
  await writeFile(authorizedKeys, await readFile(`${clientKey}.pub`), { mode: 0o600 });
  const hostKeyFiles: string[] = [];
  for (const type of options.hostKeyTypes ?? ['ed25519']) {
    hostKeyFiles.push(await makeKey(join(folder, `host_${type}`), type));
  }
  const hostKeys: string[] = [];
  for (const file of hostKeyFiles) hostKeys.push((await readFile(`${file}.pub`, 'utf8')).split(' ').slice(0, 2).join(' '));

  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const config = join(folder, 'sshd_config');
    await writeFile(
      config,
      [
        ...(options.config ?? []),
        `Port ${port}`,
        'ListenAddress 127.0.0.1',
        ...hostKeyFiles.map((file) => `HostKey ${file}`),
        `PidFile ${join(folder, 'sshd.pid')}`,
        `AuthorizedKeysFile ${authorizedKeys}`,
        'StrictModes no',
        'UsePAM no',
        'PermitRootLogin yes',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'UseDNS no',
        'PrintMotd no',
        'LogLevel VERBOSE',
        '',
      ].join('\n'),
    );
    const started = await startOn(port, config, folder, options.mounts);
    if ('failed' in started) {
      // Somebody took the port between the look for a free one and the start.
      if (attempt < 5 && /Address already in use/.test(started.failed)) continue;
      await rm(folder, { recursive: true, force: true });
      throw new Error(`sshd did not start: ${started.failed}`);
    }
    const knownHosts = join(ssh, 'known_hosts');
    const name = `[127.0.0.1]:${port}`;
    await writeFile(knownHosts, options.known === false ? '' : hostKeys.map((key) => `${name} ${key}\n`).join(''));
    const { username } = userInfo();
    const alias = 'droplens-sshd';
    await writeFile(
      join(ssh, 'config'),
      [`Host ${alias}`, '  HostName 127.0.0.1', `  Port ${port}`, `  User ${username}`, `  IdentityFile ${clientKey}`, ''].join('\n'),
    );
    let { keeper, pid, log } = started;
    return {
      port,
      user: username,
      home,
      alias,
      clientKey,
      knownHosts,
      authorizedKeys,
      folder,
      hostKeys,
      log: () => log(),
      connections: () => childrenOf(pid),
      crash: async () => {
        const ended = new Promise((resolve) => keeper.once('exit', resolve));
        for (const one of [pid, ...(await childrenOf(pid))]) process.kill(one, 'SIGKILL');
        await ended;
      },
      restart: async () => {
        const again = await startOn(port, config, folder, options.mounts);
        if ('failed' in again) throw new Error(`sshd did not start again: ${again.failed}`);
        ({ keeper, pid, log } = again);
      },
      stop: async () => {
        const connections = await childrenOf(pid);
        await stopKeeper(keeper);
        // Connections are processes of their own and outlive the listener.
        for (const connection of connections) killQuietly(connection);
        await rm(folder, { recursive: true, force: true });
      },
    };
  }
}

/** Takes the place of the shell that made the mounts. */
const SERVER = 'exec /usr/sbin/sshd -D -e -f "$2"';

type Started =
  | { readonly keeper: ChildProcess; readonly pid: number; readonly log: () => string }
  | { readonly failed: string };

/** Removes the server's folder and ends it when the input closes, so that a test that is killed leaves nothing behind. */
const KEEPER = `
exec 3<&0
if [ $# -eq 3 ]; then unshare --mount --propagation private sh -c "$3" sh "$2" "$1" 3<&- &
else /usr/sbin/sshd -D -e -f "$1" 3<&- & fi
pid=$!
echo "$pid"
{ cat <&3 >/dev/null; rm -rf "$2"; kill "$pid"; } &
watch=$!
wait "$pid"
kill "$watch" 2>/dev/null
`;

function startOn(port: number, config: string, folder: string, mounts: string | undefined): Promise<Started> {
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', config, folder, ...(mounts === undefined ? [] : [`set -e\n${mounts}\n${SERVER}`])], { stdio: ['pipe', 'pipe', 'pipe'] });
  let pid = '';
  let text = '';
  return new Promise((resolve) => {
    keeper.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      pid += chunk;
    });
    keeper.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes(`Server listening on 127.0.0.1 port ${port}`)) resolve({ keeper, pid: Number(pid), log: () => text });
    });
    keeper.on('error', (error) => resolve({ failed: error.message }));
    keeper.on('exit', () => {
      resolve({ failed: text });
      // The watcher goes with its input; the folder is still wanted when the start is tried again.
      keeper.stdin.destroy();
    });
  });
}

function stopKeeper(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    keeper.on('exit', () => resolve());
    keeper.stdin?.end();
  });
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter((word) => word !== '').map(Number);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It ended by itself.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
