import { randomBytes, randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Agent } from './agent.js';
import { run, succeed } from './processes.js';

const AGENT = fileURLToPath(new URL('programs/agent.py', import.meta.url));
const PREFIX = 'dlab';

/** Starts a program without any right but to read what everybody may read. */
export const UNPRIVILEGED: readonly string[] = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--no-new-privs'];

/** Where a user without rights finds programs; root's own folders are closed to others. */
const COMMON_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** One network namespace: a host of its own for everything that a diagnosis looks at. */
export interface Host {
  readonly netns: string;
  /** Runs a program inside; it must succeed. Gives its output. */
  run(...argv: readonly string[]): Promise<string>;
  /** Runs a program inside whatever it comes to. */
  attempt(...argv: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string }>;
  /** Loads an nft ruleset. */
  nft(rules: string): Promise<void>;
  sysctl(name: string, value: string | number): Promise<void>;
  /** The program that holds sockets inside; started when it is first asked for. */
  agent(): Agent;
  /** The same for sockets that belong to a user without rights, the one who diagnoses. */
  nobody(): Agent;
}

/** One end of a link. */
export interface End {
  readonly host: Host;
  readonly dev: string;
  readonly address: string;
  readonly mac: string;
}

/** Two hosts on one link. */
export interface Pair {
  readonly near: End;
  readonly far: End;
}

/** near – router – far, each network of its own, forwarding on, default routes towards the router. */
export interface Routed extends Pair {
  readonly router: Host;
  /** The router's ends towards `near` and `far`. */
  readonly inside: End;
  readonly outside: End;
}

/**
 * A laboratory: namespaces with names of chance, gone when it is disposed of. Addresses, interfaces and ports are of
 * chance, too, so that nothing can know a fault by its name.
 */
export class Lab implements AsyncDisposable {
  readonly #id = `${PREFIX}-${process.pid}-${startOf(process.pid)}-${randomBytes(3).toString('hex')}`;
  readonly #hosts: Host[] = [];
  readonly #agents: Agent[] = [];
  readonly #undo: (() => Promise<unknown>)[] = [];

  /** A host with nothing but its loopback. */
  async host(): Promise<Host> {
    const netns = `${this.#id}-${this.#hosts.length}`;
    await succeed(['ip', 'netns', 'add', netns]);
    const inside = (argv: readonly string[]): readonly string[] => ['ip', 'netns', 'exec', netns, ...argv];
    let agent: Agent | undefined;
    let nobody: Agent | undefined;
    const started = (argv: readonly string[]): Agent => {
      const one = new Agent(inside(argv));
      this.#agents.push(one);
      return one;
    };
    const host: Host = {
      netns,
      run: (...argv) => succeed(inside(argv)),
      attempt: (...argv) => run(inside(argv)),
      nft: async (rules) => {
        await succeed(inside(['nft', '-f', '-']), 20, rules);
      },
      sysctl: async (name, value) => {
        await succeed(inside(['sysctl', '-q', '-w', `${name}=${value}`]));
      },
      agent: () => (agent ??= started(['python3', '-u', AGENT])),
      // The program is handed over as an argument, because its folder may be closed to others.
      nobody: () => (nobody ??= started([...UNPRIVILEGED, 'env', COMMON_PATH, 'python3', '-u', '-c', readFileSync(AGENT, 'utf8')])),
    };
    this.#hosts.push(host);
    await host.run('ip', 'link', 'set', 'lo', 'up');
    return host;
  }

  /** Joins two hosts with a cable; both ends are up, have an address in one network and know each other's MAC. */
  async link(a: Host, b: Host): Promise<readonly [End, End]> {
    const net = `10.${randomInt(1, 250)}.${randomInt(1, 250)}`;
    const names = [`if${randomBytes(3).toString('hex')}`, `if${randomBytes(3).toString('hex')}`] as const;
    const add = ['ip', 'link', 'add', names[0], 'netns', a.netns, 'type', 'veth'];
    await succeed([...add, 'peer', 'name', names[1], 'netns', b.netns]);
    const end = async (host: Host, dev: string, address: string): Promise<End> => {
      await host.run('ip', 'address', 'add', `${address}/24`, 'dev', dev);
      await host.run('ip', 'link', 'set', dev, 'up');
      const shown = await host.run('ip', '-o', 'link', 'show', dev);
      const mac = /link\/ether (\S+)/.exec(shown)?.[1];
      if (mac === undefined) throw new Error(`${dev} has no MAC address: ${shown}`);
      return { host, dev, address, mac };
    };
    const [one, two] = [await end(a, names[0], `${net}.1`), await end(b, names[1], `${net}.2`)];
    await meet(one, two);
    return [one, two];
  }

  async pair(): Promise<Pair> {
    const [near, far] = await this.link(await this.host(), await this.host());
    return { near, far };
  }

  async routed(): Promise<Routed> {
    const [a, router, b] = [await this.host(), await this.host(), await this.host()];
    const [near, inside] = await this.link(a, router);
    const [outside, far] = await this.link(router, b);
    await router.sysctl('net.ipv4.ip_forward', 1);
    await a.run('ip', 'route', 'add', 'default', 'via', inside.address);
    await b.run('ip', 'route', 'add', 'default', 'via', outside.address);
    return { near, router, inside, outside, far };
  }

  /** The program that holds sockets of the machine itself, for traffic over its loopback. */
  machineAgent(): Agent {
    const agent = new Agent(['python3', '-u', AGENT]);
    this.#agents.push(agent);
    return agent;
  }

  /** A table of the machine's own firewall with these chains, gone when the lab ends. */
  async machineTable(chains: string): Promise<void> {
    const table = this.#id.replaceAll('-', '_');
    this.#undo.push(() => succeed(['nft', 'delete', 'table', 'inet', table]));
    await succeed(['nft', '-f', '-'], 20, `table inet ${table} { ${chains} }`);
  }

  /** Sets what belongs to the whole machine, and puts it back when the lab ends. */
  async machineSysctl(name: string, value: string | number): Promise<void> {
    const before = (await succeed(['sysctl', '-n', name])).trim();
    this.#undo.push(() => succeed(['sysctl', '-q', '-w', `${name}=${before}`]));
    await succeed(['sysctl', '-q', '-w', `${name}=${value}`]);
  }

  /** Takes everything down, whatever state it is in. The first thing that could not be taken down is thrown at the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const undone = await Promise.allSettled(this.#undo.toReversed().map((undo) => undo()));
    await Promise.allSettled(this.#agents.map((agent) => agent.stop()));
    const removed = await Promise.allSettled(this.#hosts.map((host) => remove(host.netns)));
    for (const result of [...undone, ...removed]) if (result.status === 'rejected') throw result.reason;
  }

  /** Takes down what labs of processes that have died left behind. */
  static async sweep(): Promise<void> {
    const listed = await succeed(['ip', 'netns', 'list']);
    for (const netns of listed.split('\n').map((line) => line.split(' ', 1)[0] ?? '')) {
      const owner = new RegExp(`^${PREFIX}-(\\d+)-(\\d+)-`).exec(netns);
      if (owner && startOf(Number(owner[1])) !== owner[2]) await remove(netns);
    }
    const { stdout } = await run(['nft', 'list', 'tables', 'inet']);
    for (const [, table = '', pid, start] of stdout.matchAll(new RegExp(`^table inet (${PREFIX}_(\\d+)_(\\d+)_\\w+)$`, 'gm'))) {
      if (startOf(Number(pid)) !== start) await succeed(['nft', 'delete', 'table', 'inet', table]);
    }
  }
}

/** Resolves the neighbours ahead of the traffic, so that ARP is no part of what is measured. */
async function meet(one: End, two: End): Promise<void> {
  for (const [from, to] of [[one, two], [two, one]] as const) {
    await from.host.run('ip', 'neighbour', 'replace', to.address, 'lladdr', to.mac, 'dev', from.dev, 'nud', 'permanent');
  }
}

/** Ends the processes inside, then deletes the namespace and with it its links. */
async function remove(netns: string): Promise<void> {
  for (const pid of await pidsOf(netns)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended in the meantime.
    }
  }
  await succeed(['ip', 'netns', 'delete', netns]);
}

/** Processes in a namespace. */
async function pidsOf(netns: string): Promise<readonly number[]> {
  return (await succeed(['ip', 'netns', 'pids', netns])).split('\n').filter(Boolean).map(Number);
}

/** When a process was started, in clock ticks since boot; '' when there is none. Tells a process from a later one of its number. */
function startOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Why the lab cannot run here, or `undefined`. */
export async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'making network namespaces needs root';
  const folders = (process.env['PATH'] ?? '').split(':');
  for (const program of ['ip', 'ss', 'tc', 'nft', 'ping', 'sysctl', 'python3', 'setpriv']) {
    const found = folders.some((folder) => {
      try {
        return readdirSync(folder).includes(program);
      } catch {
        return false;
      }
    });
    if (!found) return `${program} is not installed`;
  }
  const { code, stderr } = await run(['ip', 'netns', 'list']);
  return code === 0 ? undefined : `network namespaces cannot be used here: ${stderr.trim()}`;
}
