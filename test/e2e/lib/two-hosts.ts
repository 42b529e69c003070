import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, succeed } from '../../lab/processes.js';
import { privateHost } from '../../server/privateHost.js';
import { makeKey } from '../../ssh/sshd.js';

/** Names that people read in pictures; nobody else's namespaces are called so. */
const WEB = 'droplens-web';
const CLIENT = 'droplens-client';
const ALIAS = 'web-1';
const ADDRESSES = { web: '198.51.100.1', client: '198.51.100.2' } as const;
const PORT = 5432;

/** Accepts one connection and never reads from it. */
const DEAF = `import socket, time
s = socket.create_server(('${ADDRESSES.web}', ${PORT}))
c, _ = s.accept()
time.sleep(300)`;

/** Sends until nothing more goes, and then waits. */
const TALKER = `import socket, time
for _ in range(100):
  try:
    c = socket.create_connection(('${ADDRESSES.web}', ${PORT}))
    break
  except OSError:
    time.sleep(0.1)
while True:
  c.sendall(b'x' * 65536)`;

export interface TwoHosts {
  /** Namespaces that this machine can look into. */
  readonly web: string;
  readonly client: string;
  /** `web` as an SSH host: its name in the configuration, and the file itself. Its /etc is its own. */
  readonly alias: string;
  readonly sshConfig: string;
  readonly port: number;
  /** A sysctl of `web`, as its kernel has it. */
  sysctl(name: string): Promise<string>;
  /** A file of the SSH host; `null` where there is none. */
  file(path: string): string | null;
  /** The MTU of an interface of `client`. */
  mtu(dev: string): Promise<number>;
  /** Has a program on `client` send data over TCP that a program on `web` does not read. */
  talk(): void;
  stop(): Promise<void>;
}

/**
 * Two network namespaces with a cable between them. `web` ignores ping, and `client` pings it about ten times a second
 * until `stop`. Inside `client` the two ends of a second cable have different MTUs, so that one of them is to be changed.
 */
export async function twoHosts(): Promise<TwoHosts> {
  await remove();
  for (const host of [WEB, CLIENT]) await succeed(['ip', 'netns', 'add', host]);
  const inside = (host: string, ...argv: readonly string[]): Promise<string> => succeed(['ip', 'netns', 'exec', host, ...argv]);
  await succeed(['ip', 'link', 'add', 'eth0', 'netns', WEB, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', CLIENT]);
  for (const [host, address] of [[WEB, ADDRESSES.web], [CLIENT, ADDRESSES.client]] as const) {
    for (const dev of ['lo', 'eth0']) await inside(host, 'ip', 'link', 'set', dev, 'up');
    await inside(host, 'ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
  }
  await inside(CLIENT, 'ip', 'link', 'add', 'lan0', 'mtu', '1400', 'type', 'veth', 'peer', 'name', 'lan1', 'mtu', '1500');
  for (const dev of ['lan0', 'lan1']) await inside(CLIENT, 'ip', 'link', 'set', dev, 'up');
  await inside(WEB, 'sysctl', '-q', '-w', 'net.ipv4.icmp_echo_ignore_all=1');
  const host = await privateHost({ netns: WEB, prepare: 'mkdir -p /run/sshd' });
  const folder = await mkdtemp(join(tmpdir(), 'droplens-web-'));
  const sshConfig = await server(folder, host.within);
  let on = true;
  const pings = (async () => {
    while (on) await run(['ip', 'netns', 'exec', CLIENT, 'ping', '-q', '-c', '20', '-i', '0.1', '-W', '0.2', ADDRESSES.web]);
  })();
  const pids: number[] = [];
  const talks: Promise<unknown>[] = [];
  return {
    web: WEB,
    client: CLIENT,
    alias: ALIAS,
    sshConfig,
    port: PORT,
    sysctl: async (name) => (await inside(WEB, 'sysctl', '-n', name)).trim(),
    file: (path) => host.read(path),
    mtu: async (dev) => Number(/mtu (\d+)/.exec(await inside(CLIENT, 'ip', '-o', 'link', 'show', dev))?.[1]),
    talk() {
      for (const [where, text] of [[WEB, DEAF], [CLIENT, TALKER]] as const) {
        talks.push(run(['ip', 'netns', 'exec', where, 'python3', '-c', text], 400, '', (pid) => pids.push(pid)));
      }
    },
    async stop() {
      on = false;
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await Promise.all([pings, ...talks]);
      host[Symbol.dispose]();
      await remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * An ssh configuration whose ProxyCommand is an sshd inside: no port has to lead there.
 * @returns the configuration's text
 */
async function server(folder: string, within: readonly string[]): Promise<string> {
  const [hostKey, key] = [await makeKey(join(folder, 'host'), 'ed25519'), await makeKey(join(folder, 'client'), 'ed25519')];
  await writeFile(join(folder, 'authorized_keys'), await readFile(`${key}.pub`), { mode: 0o600 });
  const config = join(folder, 'sshd_config');
  const lines = [
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    ...['StrictModes no', 'UsePAM no', 'PermitRootLogin yes', 'PasswordAuthentication no', 'UseDNS no', 'PrintMotd no', 'PrintLastLog no'],
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  const script = join(folder, 'connect');
  await writeFile(script, `exec ${within.join(' ')} unshare --uts sh -c 'hostname ${ALIAS}; exec /usr/sbin/sshd -i -f ${config} 2>/dev/null'\n`);
  return [`Host ${ALIAS}`, 'HostName web-1.example', 'User root', `IdentityFile ${key}`, `ProxyCommand sh ${script}`, ''].join('\n');
}

/** Also what a run that was killed has left behind. */
async function remove(): Promise<void> {
  for (const host of [WEB, CLIENT]) await run(['ip', 'netns', 'delete', host]);
}
