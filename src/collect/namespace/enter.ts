import { english, msg } from '../../core/message.js';
import { resolveContainer, type FoundNamespace } from '../../core/namespaces/found.js';
import { runScript } from '../run.js';
import type { Namespace } from '../target.js';
import { TransportError, type Transport } from '../transport.js';
import { listNamespaces } from './list.js';
import { NAME_FOLDERS, TOOL_QUESTIONS } from './script.js';

/** The way into a namespace. */
export interface NamespaceEntry {
  /** Arguments to put before a program's, so that it runs inside; empty for the host itself. */
  readonly prefix: readonly string[];
  /** Whether that is a network namespace other than the one in which the host's shell runs. */
  readonly inNamespace: boolean;
  /** The process whose namespace it is: our own programs keep it alive when that one ends, which must be noticed. */
  readonly pid?: number;
}

const HOST: NamespaceEntry = { prefix: [], inNamespace: false };

/**
 * Finds the way into a namespace of a host, and checks that it exists and may be entered. Only the network namespace is
 * entered: programs are the host's own, so that a container needs none.
 *
 * Inside, /sys shows the namespace's own interfaces: `ip netns exec` mounts it anew (ip-netns(8)), elsewhere we do the
 * same, in a mount namespace of its own without propagation, so that the host sees nothing of it.
 *
 * Rejects with a {@link TransportError}: `unreachable` when there is no such namespace, process or container, or several
 * of that name, `not-permitted` without root, `unsupported` when a needed program is missing.
 */
export async function enterNamespace(
  transport: Transport,
  namespace: Namespace,
  host: string,
  signal?: AbortSignal,
): Promise<NamespaceEntry> {
  switch (namespace.kind) {
    case 'host':
      return HOST;
    case 'netns':
      return enterNamed(transport, namespace.name, host, signal);
    case 'pid':
      return enterProcess(transport, namespace.pid, host, signal);
    case 'container':
      return enterContainer(transport, namespace.id, host, signal);
  }
}

async function enterNamed(transport: Transport, name: string, host: string, signal: AbortSignal | undefined): Promise<NamespaceEntry> {
  const known = await ask(transport, NETNS_QUESTIONS, new Map([['DL_NAME', name]]), signal);
  const folder = NAME_FOLDERS.find((one) => known.has(`in\t${one}`));
  if (folder === undefined) {
    throw new TransportError(
      'unreachable',
      english(msg('There is no network namespace {0} on {1}.', name, host)),
      english(msg('List the namespaces of the host with: ip netns')),
    );
  }
  requireRoot(known, host);
  // `ip` looks in its own folder only; a host may have none, or that of busybox, which knows no namespaces.
  if (known.has('ip netns') && !folder.includes('docker')) return { prefix: ['ip', 'netns', 'exec', name], inNamespace: true };
  requireTools(known, host);
  return { prefix: ['nsenter', `-n${folder}/${name}`, ...WITH_OWN_SYS], inNamespace: true };
}

async function enterProcess(transport: Transport, pid: number, host: string, signal: AbortSignal | undefined): Promise<NamespaceEntry> {
  const known = await ask(transport, PID_QUESTIONS, new Map([['DL_PID', String(pid)]]), signal);
  if (!known.has('exists')) {
    throw new TransportError(
      'unreachable',
      english(msg('There is no process {0} on {1}.', pid, host)),
      english(msg('List the network namespaces and their processes with: lsns -t net')),
    );
  }
  if (known.has('same')) return HOST;
  if (!known.has('owned')) requireRoot(known, host);
  requireTools(known, host);
  return { prefix: intoProcess(pid, known.has('owned')), inNamespace: true, pid };
}

/** Looks the container up anew each time: after a restart it is another process. */
async function enterContainer(transport: Transport, id: string, host: string, signal: AbortSignal | undefined): Promise<NamespaceEntry> {
  const { found, root, unread, tools } = await listNamespaces(transport, host, signal);
  const resolved = resolveContainer(id, found);
  if (resolved.kind === 'found') {
    const { way, pid } = resolved.namespace;
    if (pid === 0) return enterNamed(transport, way.kind === 'netns' ? way.name : id, host, signal);
    if (!root) return enterProcess(transport, pid, host, signal);
    requireTools(new Set([...tools].map((tool) => `tool\t${tool}`)), host);
    return { prefix: intoProcess(pid, false), inNamespace: true, pid };
  }
  if (resolved.kind === 'ambiguous') {
    throw new TransportError(
      'unreachable',
      english(msg('Several containers on {0} are called {1}: {2}.', host, id, resolved.namespaces.map(candidate).join(', '))),
      english(msg('Use the number of the one that is meant.')),
    );
  }
  if (!root && unread > 0) {
    throw new TransportError(
      'not-permitted',
      english(msg('There is no container {0} on {1} among the processes that this user may see.', id, host)),
      english(msg('Connect to the host as root: others do not see whose network a process uses.')),
    );
  }
  throw new TransportError(
    'unreachable',
    english(msg('There is no container {0} with a network of its own on {1}.', id, host)),
    found.length === 0
      ? english(msg('The host has no network namespace but its own. A container that shares the host’s network is seen by looking at the host.'))
      : english(msg('There is: {0}.', found.slice(0, MOST_NAMED).map(({ name }) => name).join(', ') + (found.length > MOST_NAMED ? ' …' : ''))),
  );
}

/** How many names a sentence lists. */
const MOST_NAMED = 12;

function candidate({ name, containers, pid }: FoundNamespace): string {
  return `${name} (${containers[0]?.id.slice(0, 12) ?? `pid ${pid}`})`;
}

/** Gives the program that follows a /sys of the network namespace in which it runs. */
const OWN_SYS = 'mount --make-rprivate / && mount -t sysfs sysfs /sys && exec "$@"';
const WITH_OWN_SYS = ['unshare', '-m', 'sh', '-c', OWN_SYS, 'droplens'] as const;

/**
 * Options are the short ones with the file attached, which util-linux and busybox both know. `asOwner`: through the user
 * namespace to which the network belongs, where its owner may do what root may (user_namespaces(7)).
 */
function intoProcess(pid: number, asOwner: boolean): readonly string[] {
  const user = asOwner ? [`-U/proc/${pid}/ns/user`, '--preserve-credentials'] : [];
  return ['nsenter', ...user, `-n/proc/${pid}/ns/net`, ...WITH_OWN_SYS];
}

const NETNS_QUESTIONS = `for dl_folder in ${NAME_FOLDERS.join(' ')}; do if [ -e "$dl_folder/$DL_NAME" ]; then printf 'in\\t%s\\n' "$dl_folder"; fi; done
ip netns list >/dev/null 2>&1 && echo 'ip netns'
${TOOL_QUESTIONS}`;

/** `owned`: a user without root made the namespace by a user namespace of their own (rootless Podman), and may enter it. */
const PID_QUESTIONS = `if [ -d "/proc/$DL_PID/ns" ]; then echo exists; fi
dl_net=$(readlink "/proc/$DL_PID/ns/net" 2>/dev/null)
if [ -n "$dl_net" ] && [ "$dl_net" = "$(readlink /proc/self/ns/net)" ]; then echo same
elif [ -n "$dl_net" ] && [ "$(id -u)" != 0 ] && nsenter "-U/proc/$DL_PID/ns/user" --preserve-credentials "-n/proc/$DL_PID/ns/net" true >/dev/null 2>&1; then echo owned; fi
${TOOL_QUESTIONS}`;

/** Asks the host yes-no questions; the answer holds the words that are true. */
async function ask(
  transport: Transport,
  script: string,
  env: ReadonlyMap<string, string>,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const outcome = await runScript(transport, { script, env, timeoutSeconds: 10 }, signal);
  if (outcome.kind === 'cancelled') throw new TransportError('cancelled', english(msg('Cancelled.')));
  return new Set(outcome.output.split('\n'));
}

function requireRoot(known: ReadonlySet<string>, host: string): void {
  if (known.has('root')) return;
  throw new TransportError(
    'not-permitted',
    english(msg('Entering a network namespace on {0} needs root.', host)),
    english(msg('Connect to the host as root.')),
  );
}

function requireTools(known: ReadonlySet<string>, host: string): void {
  const missing = ['nsenter', 'unshare', 'mount'].find((tool) => !known.has(`tool\t${tool}`));
  if (missing === undefined) return;
  throw new TransportError(
    'unsupported',
    english(msg('{0} is not installed on {1}.', missing, host)),
    english(msg('It is part of util-linux and of busybox.')),
  );
}
