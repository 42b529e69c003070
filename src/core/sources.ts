import { msg, type Message } from './message.js';

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
  | { readonly kind: 'command'; readonly tools: readonly string[]; readonly script: string };

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

/** The sysctls that the runbooks quote, as paths below /proc/sys. */
export const SYSCTLS = [
  'net/core/somaxconn',
  'net/core/netdev_max_backlog',
  'net/core/netdev_budget',
  'net/core/netdev_budget_usecs',
  'net/core/rmem_default',
  'net/core/rmem_max',
  'net/core/wmem_default',
  'net/core/wmem_max',
  'net/core/default_qdisc',
  'net/ipv4/tcp_abort_on_overflow',
  'net/ipv4/tcp_max_syn_backlog',
  'net/ipv4/tcp_syncookies',
  'net/ipv4/tcp_rmem',
  'net/ipv4/tcp_wmem',
  'net/ipv4/tcp_mem',
  'net/ipv4/udp_mem',
  'net/ipv4/tcp_mtu_probing',
  'net/ipv4/tcp_max_tw_buckets',
  'net/ipv4/tcp_max_orphans',
  'net/ipv4/tcp_retries2',
  'net/ipv4/ip_forward',
  'net/ipv4/ip_local_port_range',
  'net/ipv4/icmp_echo_ignore_all',
  'net/ipv4/icmp_ratelimit',
  'net/ipv4/ipfrag_high_thresh',
  'net/ipv4/ipfrag_time',
  'net/ipv4/conf/all/rp_filter',
  'net/ipv4/neigh/default/gc_thresh3',
  'net/ipv6/conf/all/disable_ipv6',
  'net/netfilter/nf_conntrack_buckets',
] as const;

/** sysfs attributes that describe an interface; speed and duplex fail to read on links that have none. */
export const SYSFS_ATTRIBUTES = [
  'mtu',
  'speed',
  'duplex',
  'operstate',
  'carrier_changes',
  'tx_queue_len',
  'flags',
  'statistics/rx_dropped',
  'statistics/rx_missed_errors',
  'statistics/rx_nohandler',
  'statistics/rx_over_errors',
  'statistics/rx_fifo_errors',
  'statistics/rx_length_errors',
  'statistics/rx_crc_errors',
  'statistics/rx_frame_errors',
  'statistics/tx_dropped',
  'statistics/tx_carrier_errors',
  'statistics/tx_fifo_errors',
  'statistics/tx_window_errors',
  'statistics/tx_aborted_errors',
  'statistics/collisions',
] as const;

/** How many sockets with a waiting queue one sample lists at most; the rest are counted, not listed. */
export const SOCKET_LIMIT = 256;

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

/**
 * Prints sockets with a non-empty queue, each with the indented detail line that follows it, and stops at the limit.
 * The last line tells how many were left out.
 */
const BUSY_SOCKETS = `awk -v max=${SOCKET_LIMIT} 'NR==1{print;next} /^[^ \\t]/{keep=($1+0>0||$2+0>0); if(keep&&n>=max){more++;keep=0} if(keep)n++} keep{print} END{print "droplens-left-out " more+0}'`;

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
  file('arp_cache', '/proc/net/stat/arp_cache', { scope: 'initial-namespace-only' }),
  file('ndisc_cache', '/proc/net/stat/ndisc_cache', { scope: 'initial-namespace-only' }),
  file('rt_cache', '/proc/net/stat/rt_cache', { scope: 'host' }),
  file('xfrm_stat', '/proc/net/xfrm_stat', { absentIsFine: true }),
  ...SYSCTLS.map((path) =>
    file(`sysctl.${path.replaceAll('/', '.')}`, `/proc/sys/${path}`, { tier: 'slow' as const }),
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
    tier: 'medium',
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
    reader: { kind: 'command', tools: ['ss'], script: 'ss -lnt' },
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
    reader: {
      kind: 'command',
      tools: ['ss', 'awk'],
      script: `ss -nt state syn-recv | awk 'NR>1{n[$3]++} END{for(a in n)print n[a],a}'`,
    },
  },
  {
    id: 'ss_established',
    title: msg('established TCP queues (ss -tnmi)'),
    tier: 'medium',
    scope: 'namespace',
    essential: false,
    how: INSTALL_IPROUTE,
    reader: { kind: 'command', tools: ['ss', 'awk'], script: `ss -tnmoi state established | ${BUSY_SOCKETS}` },
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
    reader: { kind: 'command', tools: ['ss'], script: 'ss -lntup' },
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
] as const satisfies readonly Source[];

/** A source's name; a closed set, except that sysctls are spelt after their keys. */
export type SourceId = string;

/** Looks a source up by id. */
export function findSource(id: SourceId): Source | undefined {
  return (SOURCES as readonly Source[]).find((source) => source.id === id);
}
