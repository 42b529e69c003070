import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface PrivateHostOptions {
  /** Network namespace in which it lives; this one's unless given. */
  readonly netns?: string;
  /** Files to begin with, by their absolute path below /etc or /run. */
  readonly files?: Readonly<Record<string, string>>;
  /** Shell text that is run as root at the end of its making, inside. */
  readonly prepare?: string;
}

/**
 * A host for programs that write files: /etc and /run are its own, the rest is this machine's. What is written there is
 * seen by nobody else, and is gone with it.
 */
export interface PrivateHost extends Disposable {
  /** Arguments that come before a program's, so that it runs there. */
  readonly within: readonly string[];
  /** A file as it is there; `null` where there is none. */
  read(path: string): string | null;
  /** Names in a folder; none where there is no such folder. */
  list(path: string): readonly string[];
  /** Runs shell text as root there. */
  run(script: string): string;
}

const MAKE = `set -e
mount --make-rprivate /
mkdir "$1/layer"
mount -t tmpfs layer "$1/layer"
mkdir "$1/layer/upper" "$1/layer/work"
mount -t overlay etc -o "lowerdir=/etc,upperdir=$1/layer/upper,workdir=$1/layer/work" /etc
mount -t tmpfs run /run
rm -rf /etc/sysctl.d /etc/sysctl.conf /etc/udev/rules.d /etc/network /etc/netplan /etc/systemd/network /etc/nftables.conf /etc/nftables /etc/iptables
mkdir -p /etc/sysctl.d
for part in etc run; do if [ -d "$1/$part" ]; then cp -R "$1/$part/." "/$part/"; fi; done
`;

/** Makes one; needs root. */
export async function privateHost({ netns, files = {}, prepare = '' }: PrivateHostOptions = {}): Promise<PrivateHost> {
  const folder = mkdtempSync(join(tmpdir(), 'droplens-host-'));
  for (const [path, text] of Object.entries(files)) {
    const copy = join(folder, path);
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, text);
  }
  const way = netns === undefined ? [] : ['ip', 'netns', 'exec', netns];
  const [program = '', ...args] = [...way, 'unshare', '--mount', 'sh', '-c', `${MAKE}${prepare}\necho made; exec sleep infinity`, 'private-host', folder];
  const holder = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    holder.once('exit', (code) => reject(new Error(`the private host could not be made (${code})`)));
    holder.stdout.once('data', () => resolve());
  });
  const within = ['nsenter', '--target', String(holder.pid), '--mount', '--net', '--'];
  const seen = (path: string): string => `/proc/${holder.pid}/root${path}`;
  return {
    within,
    read: (path) => (existsSync(seen(path)) && statSync(seen(path)).isFile() ? readFileSync(seen(path), 'utf8') : null),
    list: (path) => (existsSync(seen(path)) ? readdirSync(seen(path)) : []),
    run(script) {
      const [nsenter = '', ...rest] = [...within, 'sh', '-c', script];
      return execFileSync(nsenter, rest, { encoding: 'utf8' });
    },
    [Symbol.dispose]() {
      holder.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
