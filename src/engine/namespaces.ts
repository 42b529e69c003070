import { listNamespaces } from '../collect/namespace/list.js';
import { inline } from '../collect/sanitize.js';
import { formatTarget, type HostTarget } from '../collect/target.js';
import type { Transport } from '../collect/transport.js';
import type { NamespaceList } from '../protocol/namespaces.js';

/** The network namespaces of a connected target's host, each with the target that leads there. Rejects with a TransportError. */
export async function namespacesOf(target: HostTarget, transport: Transport, host: string, signal?: AbortSignal): Promise<NamespaceList> {
  const { found, root, unread } = await listNamespaces(transport, host, signal);
  return {
    target: formatTarget({ ...target, namespace: { kind: 'host' } }),
    host,
    root,
    unread,
    namespaces: found.map(({ way, kind, name, pid, processes, comm, containers, podNamespace, names, interfaces }) => ({
      target: formatTarget({ ...target, namespace: way }),
      kind,
      name: inline(name),
      pid: pid === 0 ? null : pid,
      processes,
      program: inline(comm),
      containers: containers.map((one) => ({ ...one, name: inline(one.name) })),
      podNamespace: podNamespace ?? null,
      names: names.map(inline),
      interfaces: interfaces.map(inline),
    })),
  };
}
