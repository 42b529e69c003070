import { ownerOf, type Engine, type Owner } from './cgroup.js';
import type { ContainerName, Group, ListedNamespace, Listing } from './listing.js';

/** Kinds of namespaces, in the order in which a person is shown them. */
export const FOUND_KINDS = ['pod', 'container', 'service', 'named', 'process'] as const;
export type FoundKind = (typeof FOUND_KINDS)[number];

export interface FoundContainer {
  /** As its engine calls it, else its host name, else the beginning of its id. */
  readonly name: string;
  readonly id: string;
  readonly engine: Engine;
}

/** How a target names the namespace within its host. */
export type Way =
  | { readonly kind: 'container'; readonly id: string }
  | { readonly kind: 'netns'; readonly name: string }
  | { readonly kind: 'pid'; readonly pid: number };

/** A network namespace as a person knows it. */
export interface FoundNamespace {
  readonly kind: FoundKind;
  readonly name: string;
  readonly inode: string;
  /** A process in it, 0 without any. */
  readonly pid: number;
  readonly processes: number;
  /** The program of that process. */
  readonly comm: string;
  /** Containers that share it, but for those that only hold it (pause). */
  readonly containers: readonly FoundContainer[];
  /** The pod's namespace in Kubernetes, where it is known. */
  readonly podNamespace: string | undefined;
  /** Names under which `ip netns` or Docker keep it. */
  readonly names: readonly string[];
  readonly interfaces: readonly string[];
  readonly way: Way;
}

/** Programs that do nothing but hold a pod's namespaces: Kubernetes' pause, Podman's catatonit. */
const HOLDERS: ReadonlySet<string> = new Set(['pause', 'catatonit']);

type Container = Extract<Owner, { kind: 'container' }>;

interface Owned {
  readonly group: Group;
  readonly owner: Owner;
}

/** What a name must look like to stand in a target behind `container/`. */
export const CONTAINER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.@:-]{0,127}$/;

/** The namespaces of a host by kind and name. What has neither process nor name cannot be entered and is not there. */
export function foundNamespaces(listing: Listing): readonly FoundNamespace[] {
  const owned = new Map(listing.namespaces.map((namespace) => [namespace, namespace.groups.map((group) => ({ group, owner: ownerOf(group.cgroup) }))]));
  const homes = homesOf(owned);
  const found = [...owned].flatMap(([namespace, groups]) => describe(namespace, groups, homes, listing));
  const collator = new Intl.Collator('en', { numeric: true });
  const sorted = found.sort(
    (a, b) => FOUND_KINDS.indexOf(a.kind) - FOUND_KINDS.indexOf(b.kind) || collator.compare(a.name, b.name) || collator.compare(a.inode, b.inode),
  );
  return sorted.map((one) => ({ ...one, way: wayTo(one, sorted) }));
}

/** A container's processes may be in several namespaces (a node of kind with services of its own): its own is that of its first. */
function homesOf(owned: ReadonlyMap<ListedNamespace, readonly Owned[]>): ReadonlyMap<string, string> {
  const first = new Map<string, { readonly pid: number; readonly inode: string }>();
  for (const [{ inode }, groups] of owned) {
    for (const { group, owner } of groups) {
      if (owner.kind !== 'container') continue;
      const known = first.get(owner.id);
      if (known === undefined || group.pid < known.pid) first.set(owner.id, { pid: group.pid, inode });
    }
  }
  return new Map([...first].map(([id, { inode }]) => [id, inode]));
}

function describe(
  namespace: ListedNamespace,
  groups: readonly Owned[],
  homes: ReadonlyMap<string, string>,
  listing: Listing,
): readonly FoundNamespace[] {
  const { inode, processes, interfaces } = namespace;
  const names = [...new Set(namespace.paths.map((path) => path.slice(path.lastIndexOf('/') + 1)))].sort();
  const first = groups[0]?.group;
  if (first === undefined && names.length === 0 && namespace.pid === 0) return [];
  const inside = groups.filter(({ owner }) => owner.kind === 'container' && homes.get(owner.id) === inode);
  const containers = containersOf(inside, listing);
  // A process of the container before one that only came to look, the program before the one that holds the network.
  const working = [...inside, ...groups].find(({ group }) => !HOLDERS.has(group.comm))?.group ?? first;
  const base = {
    inode,
    pid: working?.pid ?? namespace.pid,
    processes,
    comm: working?.comm ?? '',
    containers: containers.listed,
    podNamespace: containers.podNamespace,
    names,
    interfaces,
    way: { kind: 'pid', pid: working?.pid ?? namespace.pid } as const,
  };
  const { pod } = containers;
  if (pod !== undefined) return [{ ...base, kind: 'pod', name: pod }];
  const [container] = containers.listed;
  if (container) return [{ ...base, kind: 'container', name: container.name }];
  const given = namespace.paths.find((path) => !path.includes('/docker/')) ?? namespace.paths[0];
  if (given !== undefined) {
    const name = given.slice(given.lastIndexOf('/') + 1);
    return [{ ...base, kind: 'named', name, way: { kind: 'netns', name } }];
  }
  const unit = groups.flatMap(({ owner }) => (owner.kind === 'unit' ? [owner.unit] : []))[0];
  if (unit !== undefined) return [{ ...base, kind: 'service', name: unit }];
  return [{ ...base, kind: 'process', name: base.comm === '' ? String(base.pid) : base.comm }];
}

interface Containers {
  readonly listed: readonly FoundContainer[];
  /** What the pod is called; `undefined` where there is none. */
  readonly pod: string | undefined;
  readonly podNamespace: string | undefined;
}

function containersOf(inside: readonly Owned[], listing: Listing): Containers {
  const all = new Map<string, { readonly owner: Container; readonly group: Group; readonly said: ContainerName | undefined; hostname: string | undefined }>();
  for (const { owner, group } of inside) {
    if (owner.kind !== 'container') continue;
    const known = all.get(owner.id);
    if (known === undefined) all.set(owner.id, { owner, group, said: listing.nameOf(owner.id), hostname: group.hostname });
    else known.hostname ??= group.hostname;
  }
  const every = [...all.values()];
  const working = every.filter(({ group, said }) => !(HOLDERS.has(group.comm) || said?.name === 'POD'));
  const inPod = every.find(({ owner }) => owner.pod !== undefined);
  const hostname = every.map((one) => one.hostname).find((name) => name !== undefined);
  const listed = (working.length > 0 ? working : every).map(({ owner, said, hostname: own }) => ({
    // All containers of a pod have the pod's host name: it would not tell them apart.
    name: said?.name ?? (owner.pod === undefined ? own : undefined) ?? short(owner.id),
    id: owner.id,
    engine: owner.engine,
  }));
  const named = every.find(({ said }) => said?.pod !== undefined)?.said;
  return {
    listed,
    pod: inPod && (named?.pod ?? hostname ?? short(inPod.owner.pod ?? '')),
    podNamespace: named?.podNamespace,
  };
}

/** As `docker ps` shortens an id; a name stays whole. */
export function short(id: string): string {
  return /^[0-9a-f-]{32,}$/.test(id) ? id.slice(0, 12) : id;
}

export type Resolved =
  | { readonly kind: 'found'; readonly namespace: FoundNamespace }
  | { readonly kind: 'ambiguous'; readonly namespaces: readonly FoundNamespace[] }
  | { readonly kind: 'none' };

/** Shortest beginning of an id that is taken for one: shorter ones are names. */
const SHORTEST_PREFIX = 4;

/**
 * Finds what a person called `wanted`: by a whole id, by the name under which it is listed, by the name of a container in it
 * or a name of `ip netns`, by the beginning of an id; the first of these that fits anything decides.
 */
export function resolveContainer(wanted: string, found: readonly FoundNamespace[]): Resolved {
  const tests: readonly ((namespace: FoundNamespace) => boolean)[] = [
    ({ containers }) => containers.some(({ id }) => id === wanted),
    ({ name, kind }) => name === wanted && kind !== 'process',
    ({ containers, names, podNamespace, name }) =>
      containers.some((one) => one.name === wanted) || names.includes(wanted) || (podNamespace !== undefined && `${podNamespace}.${name}` === wanted),
    ({ containers }) => wanted.length >= SHORTEST_PREFIX && containers.some(({ id }) => id.startsWith(wanted)),
  ];
  for (const test of tests) {
    const [first, ...more] = found.filter(test);
    if (first !== undefined) return more.length === 0 ? { kind: 'found', namespace: first } : { kind: 'ambiguous', namespaces: [first, ...more] };
  }
  return { kind: 'none' };
}

/**
 * How to name it in a target. A name is better than a number: it is the same after a restart. Falls back to what is certain
 * to lead there.
 */
function wayTo(namespace: FoundNamespace, all: readonly FoundNamespace[]): Way {
  if (namespace.kind === 'named' || namespace.kind === 'process') return namespace.way;
  const ids = namespace.containers.map(({ id }) => id);
  const qualified = namespace.podNamespace === undefined ? [] : [`${namespace.podNamespace}.${namespace.name}`];
  for (const id of [namespace.name, ...qualified, ...ids.map(short), ...ids]) {
    const resolved = CONTAINER_NAME.test(id) ? resolveContainer(id, all) : undefined;
    if (resolved?.kind === 'found' && resolved.namespace.inode === namespace.inode) return { kind: 'container', id };
  }
  return namespace.way;
}
