import type { ContainerName } from './listing.js';

/**
 * Makes a function that finds a container's name among lines `PATH:MATCH`, cut out of the files in which engines keep them:
 * - Docker (moby, daemon/container, `config.v2.json`): `"Name":"/web"`, its path holds the id;
 * - containerd's CRI plugin and CRI-O: annotations of the OCI `config.json` (internal/cri/annotations; cri-o, pkg/annotations);
 * - Podman and CRI-O (containers/storage, `containers.json`): `"id":"…","names":["web"`.
 *
 * Under Kubernetes, Docker and CRI-O name a container `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`.
 */
export function nameFinder(matches: readonly string[]): (id: string) => ContainerName | undefined {
  const values = new Map<string, Map<string, string>>();
  const note = (id: string, key: string, value: string): void => {
    const known = values.get(id) ?? new Map<string, string>();
    values.set(id, known.set(key, value));
  };
  for (const line of matches) {
    const listed = /"id": ?"([0-9a-f]{64})", ?"names": ?\["([^"]*)"$/.exec(line);
    if (listed?.[1] !== undefined) {
      note(listed[1], 'names', listed[2] ?? '');
      continue;
    }
    const own = /\/([0-9a-f]{64}|[A-Za-z0-9][\w.-]*)(?:\/userdata)?\/config(?:\.v2)?\.json:"([^"]*)": ?"([^"]*)"$/.exec(line);
    if (own?.[1] === undefined || own[2] === undefined) continue;
    // A label may be called Name as well; Docker's own begins with a slash and comes after the labels.
    if (own[2] !== 'Name' || own[3]?.startsWith('/') === true) note(own[1], own[2], own[3] ?? '');
  }
  return (id) => {
    const found = values.get(id);
    return found === undefined ? undefined : named(found);
  };
}

function named(values: ReadonlyMap<string, string>): ContainerName {
  const first = (...keys: readonly string[]): string | undefined => keys.map((key) => values.get(key)).find((value) => value !== undefined && value !== '');
  const name = first('Name', 'names', 'nerdctl/name')?.replace(/^\//, '');
  const [, container, pod, podNamespace] = /^k8s_([^_]+)_([^_]+)_([^_]+)_[^_]+_\d+$/.exec(name ?? '') ?? [];
  return {
    name: first('io.kubernetes.cri.container-name', 'io.kubernetes.cri-o.ContainerName') ?? container ?? name,
    pod: first('io.kubernetes.cri.sandbox-name', 'io.kubernetes.cri-o.KubeName') ?? pod,
    podNamespace: first('io.kubernetes.cri.sandbox-namespace', 'io.kubernetes.cri-o.Namespace') ?? podNamespace,
  };
}
