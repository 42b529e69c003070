import { english, msg } from '../core/message.js';
import { runScript } from './run.js';
import type { Namespace } from './target.js';
import { TransportError, type Transport } from './transport.js';

/** The way into a namespace. */
export interface NamespaceEntry {
  /** Arguments to put before a program's, so that it runs inside; empty for the host itself. */
  readonly prefix: readonly string[];
  /** Whether that is a network namespace other than the one in which the host's shell runs. */
  readonly inNamespace: boolean;
}

/**
 * Finds the way into a namespace of a host, and checks that it exists and may be entered.
 *
 * Inside, /sys shows the namespace's own interfaces: `ip netns exec` mounts it anew (ip-netns(8)), for a process's
 * namespace we do the same, in a mount namespace of its own without propagation, so that the host sees nothing of it.
 *
 * Rejects with a {@link TransportError}: `unreachable` when there is no such namespace or process, `not-permitted`
 * without root, `unsupported` when a needed program is missing or for a container.
 */
export async function enterNamespace(
  transport: Transport,
  namespace: Namespace,
  host: string,
  signal?: AbortSignal,
): Promise<NamespaceEntry> {
  switch (namespace.kind) {
    case 'host':
      return { prefix: [], inNamespace: false };
    case 'netns': {
      const known = await ask(transport, NETNS_QUESTIONS, new Map([['DL_NAME', namespace.name]]), signal);
      if (!known.has('exists')) {
        throw new TransportError(
          'unreachable',
          english(msg('There is no network namespace {0} on {1}.', namespace.name, host)),
          english(msg('List the namespaces of the host with: ip netns')),
        );
      }
      requireRoot(known, host);
      requireTools(known, ['ip'], host);
      return { prefix: ['ip', 'netns', 'exec', namespace.name], inNamespace: true };
    }
    case 'pid': {
      const known = await ask(transport, PID_QUESTIONS, new Map([['DL_PID', String(namespace.pid)]]), signal);
      if (!known.has('exists')) {
        throw new TransportError(
          'unreachable',
          english(msg('There is no process {0} on {1}.', namespace.pid, host)),
          english(msg('List the network namespaces and their processes with: lsns -t net')),
        );
      }
      requireRoot(known, host);
      if (known.has('same')) return { prefix: [], inNamespace: false };
      requireTools(known, ['nsenter', 'unshare', 'mount'], host);
      return {
        prefix: ['nsenter', `--net=/proc/${namespace.pid}/ns/net`, 'unshare', '-m', 'sh', '-c', OWN_SYS, 'droplens'],
        inNamespace: true,
      };
    }
    case 'container':
      throw new TransportError(
        'unsupported',
        english(msg('Looking into a container by its name is not supported in this version.')),
        english(msg('Use /pid/PID with the number of a process in the container.')),
      );
  }
}

/** Gives the program that follows a /sys of the network namespace in which it runs. */
const OWN_SYS = 'mount --make-rprivate / && mount -t sysfs sysfs /sys && exec "$@"';

const TOOL_QUESTIONS = `[ "$(id -u)" = 0 ] && echo root
for dl_tool in ip nsenter unshare mount; do command -v "$dl_tool" >/dev/null 2>&1 && echo "$dl_tool"; done
true`;

const NETNS_QUESTIONS = `if [ -e "/run/netns/$DL_NAME" ] || [ -e "/var/run/netns/$DL_NAME" ]; then echo exists; fi
${TOOL_QUESTIONS}`;

const PID_QUESTIONS = `if [ -d "/proc/$DL_PID/ns" ]; then echo exists; fi
dl_net=$(readlink "/proc/$DL_PID/ns/net" 2>/dev/null)
if [ -n "$dl_net" ] && [ "$dl_net" = "$(readlink /proc/self/ns/net)" ]; then echo same; fi
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

function requireTools(known: ReadonlySet<string>, tools: readonly string[], host: string): void {
  const missing = tools.find((tool) => !known.has(tool));
  if (missing === undefined) return;
  throw new TransportError(
    'unsupported',
    english(msg('{0} is not installed on {1}.', missing, host)),
    english(msg('It is part of iproute2 (ip) or util-linux (nsenter, unshare, mount).')),
  );
}
