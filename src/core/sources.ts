import { msg, type Message } from './message.js';
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
  'net/ipv4/tcp_timestamps',
  'net/ipv4/tcp_tw_reuse',
  'net/ipv6/conf/all/forwarding',
  'net/ipv6/neigh/default/gc_thresh3',
  'net/ipv6/ip6frag_high_thresh',
  'net/ipv6/route/max_size',
  'net/ipv6/icmp/echo_ignore_all',
  'net/netfilter/nf_conntrack_expect_max',
  'net/netfilter/nf_conntrack_tcp_be_liberal',
  'net/netfilter/nf_conntrack_tcp_timeout_established',
  'net/bridge/bridge-nf-call-iptables',
  'net/bridge/bridge-nf-call-ip6tables',
] as const;

/** Sysctls of parts of the kernel that many hosts do without: no IPv6, no connection tracking, no bridge filter. */
const OPTIONAL_SYSCTL = /^net\/(ipv6|netfilter|bridge)\//;

/** Settings of single interfaces that decide over packets without counting them, as FAMILY/NAME below /proc/sys/net. */
export const LINK_SETTINGS = [
  'ipv4/rp_filter',
  'ipv4/forwarding',
  'ipv4/accept_local',
  'ipv4/arp_ignore',
  'ipv4/arp_announce',
  'ipv4/arp_filter',
  'ipv4/log_martians',
  'ipv4/drop_unicast_in_l2_multicast',
  'ipv6/disable_ipv6',
  'ipv6/forwarding',
  'ipv6/drop_unicast_in_l2_multicast',
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

/** Every setting of every interface as `./ipv4/conf/NAME/SETTING:VALUE`. */
function linkConfScript(): string {
  const patterns = LINK_SETTINGS.map((setting) => `./${setting.replace('/', '/conf/*/')}`).join(' ');
  return `cd /proc/sys/net && { grep -s '' ${patterns}; cd /; }`;
}

/**
 * Prints sockets with a non-empty queue, each with the indented detail line that follows it, and stops at the limit.
 * The last line tells how many were left out.
 */
const BUSY_SOCKETS = `awk -v max=${SOCKET_LIMIT} 'NR==1{print;next} /^[^ \\t]/{keep=($1+0>0||$2+0>0); if(keep&&n>=max){more++;keep=0} if(keep)n++} keep{print} END{print "droplens-left-out " more+0}'`;

/**
 * One run of `ss` for three sources: listeners, half-open connections counted by local address, and established sockets
 * as {@link BUSY_SOCKETS} prints them. Without the header `ss` has failed, and so does this.
 */
const TCP_SOCKETS = `ss -tnmoi state listening state syn-recv state established | awk -v mark="$dl_mark" -v max=${SOCKET_LIMIT} '
NR==1{head=$0;next}
/^LISTEN/{keep=0;listen[++l]=$0;next}
/^SYN-RECV/{keep=0;half[$4]++;next}
/^ESTAB/{keep=($2+0>0||$3+0>0); if(keep&&n>=max){more++;keep=0} if(keep){n++;sub(/^ESTAB[ \\t]*/,"");busy[++b]=$0} next}
keep{busy[++b]=$0}
END{if(head !~ /Recv-Q/)exit 1
print head; for(i=1;i<=l;i++)print listen[i]
printf "\\n%s done 0\\n\\n%s part ss_synrecv\\n",mark,mark; for(a in half)print half[a],a
printf "\\n%s done 0\\n\\n%s part ss_established\\n",mark,mark; print "Recv-Q Send-Q"; for(i=1;i<=b;i++)print busy[i]; print "droplens-left-out " more+0}'`;

/**
 * Routes and rules that refuse packets, each behind the word of its family. `ip` dumps whole tables, so a host with a
 * table of the size of the Internet is left alone; the last line says so. Without a line of a rule `ip` did not do as
 * it was told (BusyBox has no -batch), and the last line is missing.
 */
const REFUSING_ROUTES =
  'dl_n=0 dl_six=0; { while read -r dl_k dl_v dl_x; do case $dl_k in Prefixes:) dl_n=$((dl_n+dl_v));; esac; done </proc/net/fib_triestat; } 2>/dev/null; ' +
  '{ read -r dl_k dl_v dl_x dl_six dl_y </proc/net/rt6_stats; } 2>/dev/null; ' +
  'if [ "$dl_n" -gt 100000 ] || [ "$((0x$dl_six))" -gt 100000 ]; then echo droplens-refusing many; else ' +
  `{ for dl_f in 4 6; do echo "droplens-family ipv$dl_f"; printf 'rule show\\nroute show table all\\n' | ip -$dl_f -batch -; done; } 2>/dev/null | ` +
  `awk '$1=="droplens-family"{f=$2;next} / lookup /{seen=1} /(^|[ \\t])(blackhole|unreachable|prohibit|throw)([ \\t]|$)/{if($1~/^(blackhole|unreachable|prohibit|throw|[0-9]+:)$/){if(n++<200)print f,$0;else more++}} END{if(seen)print "droplens-refusing",more+0}'; fi`;

/** Neighbours that do not answer and static ones, at most 64 of each state, and how many there are of each family. */
const TELLING_NEIGHBOURS =
  `ip -s neigh show | awk '{n[$1~/:/]++} $NF=="FAILED"||$NF=="INCOMPLETE"||$NF=="PERMANENT"{if(c[$NF]++<64)print;else more++} END{print "droplens-neighbours",n[0]+0,n[1]+0,more+0}'`;

/**
 * Open files of the programs behind listeners, at most 64. A process whose highest allowed descriptor is free has a free
 * one, so only the others are counted. The list of listeners is that of the source before it.
 */
const PROCESS_FILES =
  `printf '%s\\n' "\${dl_listeners-}" | awk '{s=$0; while(match(s,/pid=[0-9]+/)){p=substr(s,RSTART+4,RLENGTH-4); if(!(p in d)){d[p]=1; if(n++<64)print p; else more++} s=substr(s,RSTART+RLENGTH)}} END{print "-",more+0}' | ` +
  `while read -r dl_p dl_more; do if [ "$dl_p" = - ]; then echo "droplens-processes $dl_more"; continue; fi; dl_max= dl_name= dl_open=-; ` +
  `{ while read -r dl_a dl_b dl_c dl_soft dl_x; do case "$dl_a $dl_b $dl_c" in 'Max open files') dl_max=$dl_soft; break;; esac; done </proc/$dl_p/limits; read -r dl_name </proc/$dl_p/comm; } 2>/dev/null; ` +
  `case $dl_max in ''|*[!0-9]*) continue;; esac; if [ -h "/proc/$dl_p/fd/$((dl_max-1))" ]; then set -- /proc/$dl_p/fd/*; dl_open=$#; fi; ` +
  `printf '%s %s %s %s\\n' "$dl_p" "$dl_max" "$dl_open" "$dl_name"; done`;

/**
 * How many local ports the busiest pair of own address and destination holds. Asked only when half the port range could
 * be in use at all: listing all connections costs the host more than anything else here.
 */
const PORTS_IN_USE =
  // A shell reads byte by byte, and a sysctl of numbers answers only the first read.
  `dl_x=$(awk 'FILENAME~/range/{lo=$1;hi=$2} $1=="TCP:"{n+=$3+$7} $1=="TCP6:"{n+=$3} END{print n+0,lo+0,hi+0}' /proc/sys/net/ipv4/ip_local_port_range /proc/net/sockstat*); ` +
  `dl_n=\${dl_x%% *} dl_hi=\${dl_x##* } dl_x=\${dl_x#* } dl_lo=\${dl_x% *}; ` +
  `if [ $((dl_n*2)) -lt $((dl_hi-dl_lo+1)) ]; then echo droplens-ports few; else ss -tan | ` +
  `awk -v lo="$dl_lo" -v hi="$dl_hi" 'NR>1&&$1!="LISTEN"{a=$4; p=a; sub(/.*:/,"",p); sub(/:[^:]*$/,"",a); if(p+0>=lo&&p+0<=hi)n[a " " $5]++} END{for(k in n)if(n[k]>m){m=n[k];b=k} if(m)print m,b; print "droplens-ports",hi-lo+1}'; fi`;

/** Connections that only the program here must close, and attempts that nobody answered; rare ones added up. */
const TCP_STATES =
  `ss -tn state close-wait state syn-sent | awk '$1=="CLOSE-WAIT"{c[$4]++} $1=="SYN-SENT"{s[$5]++} ` +
  `END{for(k in c)if(c[k]>2&&n++<256)print "close-wait",c[k],k;else rest+=c[k]; if(rest)print "close-wait",rest,"*:*"; ` +
  `for(k in s)if(m++<64)print "syn-sent",s[k],k;else more+=s[k]; if(more)print "syn-sent",more,"*:*"}'`;

/** Captures (packet sockets), each with its detail on one line; asked only where the kernel lists one. */
const CAPTURES =
  `dl_x=; { read -r dl_y; read -r dl_x; } 2>/dev/null </proc/net/packet; if [ -n "$dl_x" ]; then ss -0nm | ` +
  `awk 'NR>1{if(/^[ \\t]/)l=l $0;else{if(l!=""&&n++<64)print l;l=$0}} END{if(l!=""&&n++<64)print l}'; fi; true`;

/** Settings of the whole machine: /proc/sys shows them, if at all, only in its first namespace (net_core_table, tcp_mem …). */
const HOST_SYSCTL = /^net\/(core\/(netdev_|default_qdisc)|ipv4\/(tcp_mem|udp_mem|tcp_max_orphans)$|ipv[46]\/neigh\/default\/gc_)/;

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
