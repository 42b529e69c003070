import { nameFinder } from './names.js';

/** Processes of one namespace that are in one control group. */
export interface Group {
  /** The lowest process number of them. */
  readonly pid: number;
  readonly processes: number;
  /** The program's name, empty where it could not be read. */
  readonly comm: string;
  /** The lines of /proc/PID/cgroup. */
  readonly cgroup: readonly string[];
  /** First line of the /etc/hostname that its processes see; `undefined` where it was not read. */
  readonly hostname: string | undefined;
}

/** One network namespace other than that of whoever asked. */
export interface ListedNamespace {
  /** Its inode number, as digits: what `readlink /proc/PID/ns/net` prints. */
  readonly inode: string;
  /** By process number; empty for a namespace that is held only by its name. */
  readonly groups: readonly Group[];
  readonly processes: number;
  /** The lowest process number, 0 without processes. */
  readonly pid: number;
  /** Its interfaces but for the loopback, the first few. */
  readonly interfaces: readonly string[];
  /** Files under which it is kept: `/run/netns/blue`. */
  readonly paths: readonly string[];
}

/** What a container is called, by its id. */
export interface ContainerName {
  /** `web`, as the engine lists it. */
  readonly name: string | undefined;
  readonly pod: string | undefined;
  readonly podNamespace: string | undefined;
}

/** What the host's answer says, as it stands there. */
export interface Listing {
  readonly root: boolean;
  readonly tools: ReadonlySet<string>;
  /** Processes whose namespace this user may not see. */
  readonly unread: number;
  readonly namespaces: readonly ListedNamespace[];
  /** The name of a container, `undefined` where the engine's files say nothing of it or could not be read. */
  nameOf(id: string): ContainerName | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Reads the output of the listing script (collect/namespace). A line that is none of its own is passed over. */
export function parseListing(text: string): Listing {
  const tools = new Set<string>();
  const namespaces = new Map<string, Mutable<ListedNamespace>>();
  const groups = new Map<number, Mutable<Group>>();
  const matches: string[] = [];
  let root = false;
  let unread = 0;
  let self = '';
  let group: Mutable<Group> | undefined;
  const at = (inode: string): Mutable<ListedNamespace> => {
    const known = namespaces.get(inode);
    if (known) return known;
    const made = { inode, groups: [], processes: 0, pid: 0, interfaces: [], paths: [] };
    namespaces.set(inode, made);
    return made;
  };
  for (const line of text.split('\n')) {
    const [word = '', one = '', two = '', three = ''] = line.split('\t');
    const rest = (index: number): string => line.split('\t').slice(index).join('\t');
    if (line === 'root') root = true;
    else if (word === 'tool') tools.add(one);
    else if (word === 'self') self = one;
    else if (word === 'unread') unread = number(one);
    else if (word === 'f') matches.push(rest(1));
    else if (word === 'h') setHostname(groups.get(number(one)), rest(2));
    else if (word === 'm' && group) group.comm = rest(1);
    else if (word === 'c' && group) group.cgroup.push(rest(1));
    else if (!/^\d+$/.test(one) || one === self) continue;
    else if (word === 'ns') Object.assign(at(one), { processes: number(two), pid: number(three) });
    else if (word === 'i') at(one).interfaces.push(rest(2));
    else if (word === 'name' && two.startsWith('/') && isNamespace(one)) at(one).paths.push(rest(2));
    else if (word === 'g') {
      group = { pid: number(two), processes: number(three), comm: '', cgroup: [], hostname: undefined };
      groups.set(group.pid, group);
      at(one).groups.push(group);
    }
  }
  for (const namespace of namespaces.values()) namespace.groups.sort((a, b) => a.pid - b.pid);
  return { root, tools, unread, namespaces: [...namespaces.values()], nameOf: nameFinder(matches) };
}

/** Inode numbers of namespaces begin here (include/linux/proc_fs.h, PROC_DYNAMIC_FIRST): a left-over plain file has a lower one. */
function isNamespace(inode: string): boolean {
  return Number(inode) >= 0xf0000000;
}

function setHostname(group: Mutable<Group> | undefined, hostname: string): void {
  const name = hostname.trim();
  if (group && name !== '') group.hostname = name;
}

function number(text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : 0;
}
