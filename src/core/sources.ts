import { msg, type Message } from './message.js';
import { HOST_SYSCTL, OPTIONAL_SYSCTL, SYSCTLS, SYSFS_ATTRIBUTES } from './settings.js';
import {
  BUSY_SOCKETS,
  CAPTURES,
  linkConfScript,
  PORTS_IN_USE,
  PROCESS_FILES,
  REFUSING_ROUTES,
  TCP_SOCKETS,
  TCP_STATES,
  TELLING_NEIGHBOURS,
} from './sourceScripts.js';
import { findPrivileged } from './privileged/sources.js';

/**
 * How often a source is read. `fast`: in every sample (small files of /proc). `medium`: every few seconds and at both
 * ends of a diagnosis (netlink and sysfs). `slow`: what costs the host more (drivers, limits, process names).
 */
export type Tier = 'fast' | 'medium' | 'slow';

/** How a source is read on the host. */
export type SourceReader =
  /** A file, read together with all others of its tier by one `tail`. */
  | { readonly kind: 'file'; readonly path: string }
  /** sysfs attributes of every interface, read by one `grep`; paths relative to /sys/class/net/NAME/. */
  | { readonly kind: 'sysfs'; readonly attributes: readonly string[] }
  /** A shell fragment without user input. It is skipped, and reported as missing, where one of its tools is missing. */
  | { readonly kind: 'command'; readonly tools: readonly string[]; readonly script: string }
  /**
   * Printed by another source's command as a part of its own, because starting a program twice costs a host more than
   * having it say more. Such a script closes its part and opens the next by the frame's control lines (`$dl_mark`).
   */
  | { readonly kind: 'with'; readonly source: string };

/** Whose numbers a source shows when it is read inside a network namespace. */
export type Scope = 'namespace' | 'host' | 'initial-namespace-only';

export interface Source {
  readonly id: string;
  /** What a person calls it, for "not checked". */
  readonly title: Message;
  readonly tier: Tier;
  readonly reader: SourceReader;
  readonly scope: Scope;
  /** Whether a diagnosis is incomplete without it; false for what only refines an answer or is often absent. */
  readonly essential: boolean;
  /** True where an absent file only means that the feature is not in use, so that nothing is left unchecked. */
  readonly absentIsFine?: boolean;
  /** What a person can do when it cannot be read. */
  readonly how?: Message;
  /** Used only where the named source cannot be read because its tool is missing. */
  readonly insteadOf?: string;
}
const file = (
  id: string,
  path: string,
  rest: Partial<Pick<Source, 'tier' | 'scope' | 'essential' | 'how' | 'absentIsFine'>> = {},
): Source => ({
  id,
  title: msg('{0}', path),
  tier: rest.tier ?? 'fast',
  scope: rest.scope ?? 'namespace',
  essential: rest.essential ?? false,
  reader: { kind: 'file', path },
  ...(rest.how ? { how: rest.how } : {}),
  ...(rest.absentIsFine ? { absentIsFine: true } : {}),
});

const INSTALL_IPROUTE = msg('Install iproute2 on the host (apt install iproute2, dnf install iproute).');
const INSTALL_ETHTOOL = msg('Install ethtool on the host (apt install ethtool, dnf install ethtool).');

function command(id: string, title: Message, tools: readonly string[], script: string): Source {
  return {
    id,
    title,
    tier: 'slow',
    scope: 'namespace',
    essential: false,
    ...(tools.includes('ss') || tools.includes('ip') ? { how: INSTALL_IPROUTE } : {}),
    reader: { kind: 'command', tools, script },
  };
}

/** Everything that the probe can read, in the order in which it reads it. */
export const SOURCES = [
  file('uptime', '/proc/uptime', { scope: 'host', essential: true }),
  file('boot_id', '/proc/sys/kernel/random/boot_id', { scope: 'host' }),
  file('netstat', '/proc/net/netstat', { essential: true }),
  file('snmp', '/proc/net/snmp', { essential: true }),
  file('snmp6', '/proc/net/snmp6', { absentIsFine: true }),
  file('dev', '/proc/net/dev', { essential: true }),
  file('softnet', '/proc/net/softnet_stat', { scope: 'host', essential: true }),
  file('sockstat', '/proc/net/sockstat'),
  file('sockstat6', '/proc/net/sockstat6', { absentIsFine: true }),
  file('conntrack_stat', '/proc/net/stat/nf_conntrack', { absentIsFine: true }),
  file('conntrack_count', '/proc/sys/net/netfilter/nf_conntrack_count', { absentIsFine: true }),
  file('conntrack_max', '/proc/sys/net/netfilter/nf_conntrack_max', { scope: 'host', absentIsFine: true }),
  file('arp_cache', '/proc/net/stat/arp_cache', { tier: 'medium', scope: 'initial-namespace-only' }),
  file('ndisc_cache', '/proc/net/stat/ndisc_cache', { tier: 'medium', scope: 'initial-namespace-only' }),
  file('rt_cache', '/proc/net/stat/rt_cache', { tier: 'medium', scope: 'host' }),
  file('xfrm_stat', '/proc/net/xfrm_stat', { absentIsFine: true }),
  ...SYSCTLS.map((path) =>
    file(`sysctl.${path.replaceAll('/', '.')}`, `/proc/sys/${path}`, {
      tier: 'slow' as const,
      ...(OPTIONAL_SYSCTL.test(path) ? { absentIsFine: true } : {}),
      ...(HOST_SYSCTL.test(path) ? { scope: 'host' as const } : {}),
    }),
  ),
  file('proc_udp', '/proc/net/udp', { tier: 'medium' }),
  file('proc_udp6', '/proc/net/udp6', { tier: 'medium', absentIsFine: true }),
  {
    id: 'sysfs',
    title: msg('interface attributes in /sys/class/net'),
    tier: 'medium',
    scope: 'namespace',
    essential: true,
    reader: { kind: 'sysfs', attributes: SYSFS_ATTRIBUTES },
  },
  {
    id: 'ip_link',
    title: msg('ip -s -s link (frames for other hosts)'),
    tier: 'slow',
    scope: 'namespace',
    essential: false,
    how: INSTALL_IPROUTE,
    reader: { kind: 'command', tools: ['ip'], script: 'ip -j -s -s -d link show' },
  },
  {
    id: 'ss_listen',
    title: msg('TCP listeners (ss -lnt)'),
    tier: 'medium',
    scope: 'namespace',
    essential: true,
    how: INSTALL_IPROUTE,
    reader: { kind: 'command', tools: ['ss', 'awk'], script: TCP_SOCKETS },
  },
  {
    id: 'proc_tcp',
    title: msg('TCP listeners (/proc/net/tcp)'),
    tier: 'medium',
    scope: 'namespace',
    essential: false,
    insteadOf: 'ss_listen',
    reader: {
      kind: 'command',
      tools: ['awk'],
      // The pattern leaves tcp6 out where the host has no IPv6, which awk would call an error.
      script: `awk '$4=="0A"||$4=="03"||$4=="st"' /proc/net/tcp*`,
    },
  },
  {
    id: 'ss_synrecv',
    title: msg('half-open connections (ss -nt state syn-recv)'),
    tier: 'medium',
    scope: 'namespace',
    essential: false,
    how: INSTALL_IPROUTE,
    reader: { kind: 'with', source: 'ss_listen' },
  },
  {
    id: 'ss_established',
    title: msg('established TCP queues (ss -tnmi)'),
    tier: 'medium',
    scope: 'namespace',
    essential: false,
    how: INSTALL_IPROUTE,
    reader: { kind: 'with', source: 'ss_listen' },
  },
  {
    id: 'tc_qdisc',
    title: msg('queueing disciplines (tc -s qdisc)'),
    tier: 'medium',
    scope: 'namespace',
    essential: true,
    how: INSTALL_IPROUTE,
    reader: { kind: 'command', tools: ['tc'], script: 'tc -s qdisc show' },
  },
  {
    id: 'ss_process',
    title: msg('process names of sockets (ss -lntup)'),
    tier: 'slow',
    scope: 'namespace',
    essential: false,
    how: msg('Connect as root to see the processes of other users.'),
    reader: { kind: 'command', tools: ['ss'], script: `dl_listeners=$(ss -lntup) && printf '%s\\n' "$dl_listeners"` },
  },
  {
    id: 'ss_socket_process',
    title: msg('process names of sockets with waiting data (ss -tnp)'),
    tier: 'slow',
    scope: 'namespace',
    essential: false,
    how: msg('Connect as root to see the processes of other users.'),
    reader: { kind: 'command', tools: ['ss', 'awk'], script: `ss -tnp state established | ${BUSY_SOCKETS}` },
  },
  {
    id: 'ethtool',
    title: msg('driver counters and ring sizes (ethtool -S, -g)'),
    tier: 'slow',
    scope: 'namespace',
    essential: false,
    how: INSTALL_ETHTOOL,
    reader: {
      kind: 'command',
      tools: ['ethtool'],
      // Only interfaces with a device behind them have a driver worth asking.
      script:
        'for i in /sys/class/net/*/device; do n=${i%/device}; n=${n##*/}; [ -e "$i" ] || continue; ' +
        `printf 'droplens-interface %s\\n' "$n"; ethtool -i "$n"; ethtool -S "$n"; ethtool -g "$n"; done; true`,
    },
  },
  file('proc_stat', '/proc/stat', { tier: 'slow', scope: 'host' }),
  file('cgroup_cpu', '/sys/fs/cgroup/cpu.stat', { tier: 'slow', absentIsFine: true }),
  file('file_nr', '/proc/sys/fs/file-nr', { tier: 'slow', scope: 'host', absentIsFine: true }),
  file('vmstat', '/proc/vmstat', { tier: 'slow', scope: 'host' }),
  file('if_inet6', '/proc/net/if_inet6', { tier: 'slow', absentIsFine: true }),
  file('rt6_stats', '/proc/net/rt6_stats', { tier: 'slow', absentIsFine: true }),
  command('routes', msg('routes and rules that refuse packets (ip route, ip rule)'), ['ip', 'awk'], REFUSING_ROUTES),
  command('neighbours', msg('neighbours that do not answer (ip neigh)'), ['ip', 'awk'], TELLING_NEIGHBOURS),
  command('link_conf', msg('settings of the interfaces in /proc/sys/net'), [], linkConfScript()),
  command('process_files', msg('open files of listening programs'), ['ss', 'awk'], PROCESS_FILES),
  command('ports', msg('local ports in use (ss -tan)'), ['ss', 'awk'], PORTS_IN_USE),
  command('tcp_states', msg('connections that wait to be closed or answered (ss)'), ['ss', 'awk'], TCP_STATES),
  command('captures', msg('captures of packets (ss -0)'), ['ss', 'awk'], CAPTURES),
] as const satisfies readonly Source[];

/** A source's name; a closed set, except that sysctls are spelt after their keys. */
export type SourceId = string;

/** Looks a source up by id, those that need root among them. */
export function findSource(id: SourceId): Source | undefined {
  return findPrivileged(id) ?? (SOURCES as readonly Source[]).find((source) => source.id === id);
}
