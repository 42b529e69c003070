import type { TableName } from '../facts.js';
import { LINK_SETTINGS } from '../settings.js';
import type { SourceId } from '../sources.js';

const BY_PREFIX: ReadonlyMap<string, SourceId> = new Map([
  ['TcpExt', 'netstat'],
  ['IpExt', 'netstat'],
  ['MPTcpExt', 'netstat'],
  ['Ip', 'snmp'],
  ['Icmp', 'snmp'],
  ['IcmpMsg', 'snmp'],
  ['Tcp', 'snmp'],
  ['Udp', 'snmp'],
  ['UdpLite', 'snmp'],
  ['Ip6', 'snmp6'],
  ['Icmp6', 'snmp6'],
  ['Udp6', 'snmp6'],
  ['UdpLite6', 'snmp6'],
  ['softnet', 'softnet'],
  ['sockstat', 'sockstat'],
  ['sockstat6', 'sockstat6'],
  ['nf_conntrack', 'conntrack_stat'],
  ['arp_cache', 'arp_cache'],
  ['ndisc_cache', 'ndisc_cache'],
  ['rt_cache', 'rt_cache'],
  ['xfrm', 'xfrm_stat'],
  ['synrecv', 'ss_synrecv'],
  ['sockets', 'ss_established'],
  ['host', 'uptime'],
  ['conf', 'link_conf'],
  ['routes', 'routes'],
  ['neighbours', 'neighbours'],
  ['files', 'file_nr'],
  ['processes', 'process_files'],
  ['ports', 'ports'],
  ['closewait', 'tcp_states'],
  ['synsent', 'tcp_states'],
  ['cgroup', 'cgroup_cpu'],
  ['vmstat', 'vmstat'],
  ['rt6', 'rt6_stats'],
  ['dmesg', 'dmesg'],
  ['conntrack_s', 'conntrack_s'],
  ['xfrm_sa', 'xfrm_sa'],
  ['firewall', 'firewall'],
  ['drop_trace', 'drop_trace'],
]);

const BY_TABLE: Readonly<Record<TableName, SourceId>> = {
  interface: 'sysfs',
  nic: 'ethtool',
  qdisc: 'tc_qdisc',
  listener: 'ss_listen',
  synrecv: 'ss_synrecv',
  socket: 'ss_established',
  udp: 'proc_udp',
  cpu: 'softnet',
  halfclosed: 'tcp_states',
  process: 'process_files',
  route: 'routes',
  neighbour: 'neighbours',
  // Read by whoever may, but only root may.
  nfqueue: 'nfqueue_root',
  capture: 'captures',
  rule: 'firewall',
  chain: 'firewall',
  drop: 'drop_trace',
};

const BY_VALUE: ReadonlyMap<string, SourceId> = new Map([
  ['nf_conntrack.count', 'conntrack_count'],
  ['nf_conntrack.max', 'conntrack_max'],
  ['listener.syn_recv', 'ss_synrecv'],
  ['interface.rx_otherhost_dropped', 'ip_link'],
  ['interface.kind', 'ip_link'],
  ['interface.master', 'ip_link'],
  ['interface.ifflags', 'ip_link'],
  ...['port_state', 'isolated', 'locked', 'vlan_filtering', 'bond_mii', 'bond_mode', 'lacp_partner', 'vni', 'xdp', 'bond_link_failures'].map(
    (name) => [`interface.${name}`, 'ip_link'] as const,
  ),
  ...LINK_SETTINGS.map((setting) => [`interface.${setting.replace('/', '_')}`, 'link_conf'] as const),
  ...['cpu_ticks', 'softirq_ticks', 'steal_ticks', 'idle_ticks'].map((name) => [`cpu.${name}`, 'proc_stat'] as const),
  ['interface.ipv6_addresses', 'if_inet6'],
  ['interface.ipv6_dadfailed', 'if_inet6'],
  ['listener.fds', 'process_files'],
  ['listener.fd_limit', 'process_files'],
  ['listener.close_wait', 'tcp_states'],
  ...[
    'rx_bytes', 'rx_packets', 'rx_errs', 'rx_drop', 'rx_fifo', 'rx_frame', 'rx_multicast',
    'tx_bytes', 'tx_packets', 'tx_errs', 'tx_drop', 'tx_fifo', 'tx_colls', 'tx_carrier',
  ].map((name) => [`interface.${name}`, 'dev'] as const),
]);

/** Which source a host-wide signal comes from, `undefined` for a name that no source gives. */
export function sourceOfSignal(signal: string): SourceId | undefined {
  const exact = BY_VALUE.get(signal);
  if (exact !== undefined) return exact;
  if (signal.startsWith('sysctl.')) return signal.replace(/\.(min|default|pressure|max)$/, '');
  return BY_PREFIX.get(signal.split('.', 1)[0] ?? '');
}

/** Which source lists the rows of a table. */
export function sourceOfTable(table: TableName): SourceId {
  return BY_TABLE[table];
}

/** Which source gives a value of a table's rows. */
export function sourceOfValue(table: TableName, name: string): SourceId {
  return BY_VALUE.get(`${table}.${name}`) ?? BY_TABLE[table];
}
