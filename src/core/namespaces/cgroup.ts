/** What made a container. `unknown`: an id like that of a container, in a place of no engine that is known. */
export type Engine = 'docker' | 'podman' | 'containerd' | 'cri-o' | 'lxc' | 'nspawn' | 'unknown';

/** What a control group belongs to. */
export type Owner =
  | {
      readonly kind: 'container';
      readonly engine: Engine;
      /** 64 hexadecimal digits; the name where an engine knows nothing else (lxc, nspawn). */
      readonly id: string;
      /** The pod's number, `undefined` outside of pods. */
      readonly pod: string | undefined;
    }
  /** A unit of systemd: `nginx.service`. */
  | { readonly kind: 'unit'; readonly unit: string }
  | { readonly kind: 'none' };

/**
 * What the lines of /proc/PID/cgroup say: `ID:CONTROLLERS:PATH` (cgroups(7)), one line for version 2 (`0::/…`), one for
 * each hierarchy of version 1, of which systemd's own (`name=systemd`) is the most telling and others may be `/`.
 */
export function ownerOf(lines: readonly string[]): Owner {
  const paths = lines.flatMap((line) => {
    const parts = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    return parts ? [{ named: parts[2] === 'name=systemd' || parts[1] === '0', path: parts[3] ?? '/' }] : [];
  });
  const owners = [...paths.filter(({ named }) => named), ...paths.filter(({ named }) => !named)].map(({ path }) => ownerOfPath(path));
  return owners.find(({ kind }) => kind === 'container') ?? owners.find(({ kind }) => kind === 'unit') ?? { kind: 'none' };
}

/**
 * What one path belongs to. The innermost container counts (Docker in Docker, a node of kind), and a unit only outside
 * of containers: a service within LXC is the container's.
 */
export function ownerOfPath(path: string): Owner {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '..');
  for (let index = segments.length - 1; index >= 0; index--) {
    const found = containerAt(segments, index);
    if (found) return { kind: 'container', ...found, pod: podOf(segments.slice(0, index + 1)) };
  }
  const unit = segments.findLast((segment) => segment.endsWith('.service'));
  // user@1000.service is the manager of a user's units: what is in it and no unit of its own is a login.
  return unit === undefined || unit.startsWith('user@') ? { kind: 'none' } : { kind: 'unit', unit: unescapeUnit(unit) };
}

/**
 * Names before the id, as the engines write them: `docker-ID.scope` (moby, daemon/oci_linux.go), `libpod-ID.scope` and
 * `libpod-payload-ID` (podman), `cri-containerd-ID.scope` (containerd, internal/cri/server/podsandbox), `crio-ID.scope`
 * (cri-o, internal/config/cgmgr), `nerdctl-ID.scope`.
 */
const PREFIXES: ReadonlyMap<string, Engine> = new Map([
  ['docker', 'docker'],
  ['libpod', 'podman'],
  ['libpod-payload', 'podman'],
  ['cri-containerd', 'containerd'],
  ['containerd', 'containerd'],
  ['nerdctl', 'containerd'],
  ['crio', 'cri-o'],
]);

/** Folders above a bare id with the cgroupfs driver: `/docker/ID`, `/libpod_parent/libpod-ID`, `/default/ID` (ctr, nerdctl). */
const FOLDERS: ReadonlyMap<string, Engine> = new Map([
  ['docker', 'docker'],
  ['libpod_parent', 'podman'],
  ['default', 'containerd'],
  ['k8s.io', 'containerd'],
  ['moby', 'docker'],
]);

type Found = { readonly engine: Engine; readonly id: string };

function containerAt(segments: readonly string[], index: number): Found | undefined {
  const segment = segments[index] ?? '';
  const above = segments[index - 1] ?? '';
  // `SLICE:cri-containerd:ID` is what systemd's way of naming becomes where the cgroupfs driver makes the folder.
  const numbered = /^(?:(?:[^/:]*:)?(?<prefix>[a-z][a-z0-9_-]*?)[-:])?(?<id>[0-9a-f]{64})(?:\.scope)?$/.exec(segment)?.groups;
  if (numbered?.['id'] !== undefined) {
    const { prefix, id } = numbered;
    if (prefix === undefined) return { engine: FOLDERS.get(above) ?? 'unknown', id };
    // The monitor of a container is outside of it.
    return prefix.endsWith('conmon') ? undefined : { engine: PREFIXES.get(prefix) ?? 'unknown', id };
  }
  // lxc.container.conf(5): lxc.cgroup.dir.container, "lxc.payload.NAME"; LXC before 4 and Proxmox: /lxc/NAME.
  const payload = /^lxc\.payload[.-](.+)$/.exec(segment)?.[1];
  if (payload !== undefined) return { engine: 'lxc', id: payload };
  if (above === 'lxc' || above === 'lxc.payload') return { engine: 'lxc', id: segment };
  // systemd-nspawn(1): machine-NAME.scope by hand, systemd-nspawn@NAME.service as a unit; libvirt's machines are no containers.
  const machine = /^(?:machine-(?!qemu\\x2d)(.+)\.scope|systemd-nspawn@(.+)\.service)$/.exec(segment);
  const name = machine?.[1] ?? machine?.[2];
  return name === undefined ? undefined : { engine: 'nspawn', id: unescapeUnit(name) };
}

/**
 * The innermost pod above a container: `pod74ba62da-1a3d-…`, `kubepods-burstable-pod74ba62da_1a3d_….slice`, the hash of a static
 * pod (kubelet, pkg/kubelet/cm: the systemd driver writes `_` for `-`); `machine-libpod_pod_ID.slice` of Podman.
 */
function podOf(segments: readonly string[]): string | undefined {
  for (const segment of segments.toReversed()) {
    const kube = /(?:^|-)pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?::|$)/.exec(segment)?.[1];
    if (kube !== undefined) return kube.replaceAll('_', '-');
    const podman = /(?:^|-)libpod_pod_([0-9a-f]{64})(?:\.slice)?$/.exec(segment)?.[1];
    if (podman !== undefined) return podman;
  }
  return undefined;
}

/** systemd.unit(5): `\x2d` stands for `-`. What is no such escape stays. */
function unescapeUnit(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (whole, digits: string) => {
    const code = Number.parseInt(digits, 16);
    return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : whole;
  });
}
