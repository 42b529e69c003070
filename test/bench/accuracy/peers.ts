import type { Counters } from './counters.js';

/** What one watched window looked like to a peer. */
export interface Seen {
  readonly before: Counters;
  readonly after: Counters;
  readonly seconds: number;
}

/**
 * An alarm of a peer. Its expression is the peer's own, over the watched window instead of the minute or hour that the
 * peer averages over. `claims`: the causes for which a person who reads the alarm would be on the right way – with good
 * will: every cause that moves the counter by itself.
 */
export interface Alarm {
  readonly name: string;
  /** As in the peer's file, in short. */
  readonly expression: string;
  readonly raised: (seen: Seen) => boolean;
  readonly claims: readonly string[];
}

export interface Peer {
  readonly name: string;
  readonly source: string;
  readonly alarms: readonly Alarm[];
}

const delta = ({ before, after }: Seen, name: string): number => Math.max(0, (after.values.get(name) ?? 0) - (before.values.get(name) ?? 0));
const rate = (seen: Seen, name: string): number => delta(seen, name) / seen.seconds;
const level = ({ after }: Seen, name: string): number => after.values.get(name) ?? 0;

/** Whether it holds for any interface; gives its growth in the window. */
function anyLink(seen: Seen, holds: (grown: (name: string) => number, speed: number) => boolean): boolean {
  return [...seen.after.interfaces].some(([name, after]) => {
    const before = seen.before.interfaces.get(name);
    return holds((column) => Math.max(0, (after.get(column) ?? 0) - (before?.get(column) ?? 0)), after.get('speed') ?? 0);
  });
}

const ACCEPT = ['app-accept-too-slow', 'app-fd-exhausted', 'tcp-last-ack-overflow'];
const RX_DROPPED = ['nic-rx-ring-overflow', 'softnet-backlog', 'softnet-flow-limit', 'l2-mtu-mismatch', 'virtio-rx-drops', 'unknown-ethertype'];
const TX_DROPPED = ['link-no-carrier', 'nic-carrier-flap', 'l2-mtu-mismatch', 'tun-reader-stuck', 'vxlan-no-fdb', 'nic-tx-dropped'];

/** Packets in ten minutes below which netdata does not judge, brought to the length of the window. */
const guard = (packets: number, seen: Seen): number => (packets * seen.seconds) / 600;

const NETDATA: Peer = {
  name: 'netdata 1.37',
  source: 'health.d/{net,netfilter,tcp_conn,tcp_listen,tcp_mem,tcp_orphans,tcp_resets,udp_errors,softnet}.conf of the Debian package netdata-core 1.37.1-2',
  alarms: [
    { name: '1m_tcp_accept_queue_overflows', expression: 'average ListenOverflows > 1/s', raised: (s) => rate(s, 'TcpExt.ListenOverflows') > 1, claims: ACCEPT },
    { name: '1m_tcp_accept_queue_drops', expression: 'average ListenDrops > 1/s', raised: (s) => rate(s, 'TcpExt.ListenDrops') > 1, claims: [...ACCEPT, 'tcp-listendrop-other', 'tcp-syn-backlog-75pct', 'tcp-syn-queue-full-drop'] },
    { name: '1m_tcp_syn_queue_drops', expression: 'average TCPReqQFullDrop > 1/s', raised: (s) => rate(s, 'TcpExt.TCPReqQFullDrop') > 1, claims: ['tcp-syn-queue-full-drop'] },
    { name: '1m_tcp_syn_queue_cookies', expression: 'average TCPReqQFullDoCookies > 1/s', raised: (s) => rate(s, 'TcpExt.TCPReqQFullDoCookies') > 1, claims: ['tcp-syn-queue-full-cookies'] },
    { name: 'tcp_memory', expression: 'sockstat TCP mem > tcp_mem pressure', raised: (s) => level(s, 'sockstat.TCP.mem') > level(s, 'tcp_mem.1'), claims: ['tcp-memory-pressure'] },
    { name: 'tcp_orphans', expression: 'orphan · 100 / tcp_max_orphans > 25', raised: (s) => level(s, 'sockstat.TCP.orphan') * 100 > 25 * level(s, 'tcp_max_orphans'), claims: ['tcp-orphans'] },
    { name: '10s_ipv4_tcp_resets_sent', expression: 'OutRsts > 10 · max(5, the minute before) a second', raised: (s) => rate(s, 'Tcp.OutRsts') > 50, claims: ['tcp-port-not-listening', 'app-close-with-unread-data', 'nf-reject'] },
    { name: '10s_ipv4_tcp_resets_received', expression: 'AttemptFails > 10 · max(5, the minute before) a second', raised: (s) => rate(s, 'Tcp.AttemptFails') > 50, claims: ['tcp-port-not-listening', 'tcp-rst-received', 'path-silent-firewall'] },
    { name: '1m_ipv4_udp_receive_buffer_errors', expression: 'average RcvbufErrors > 10/s', raised: (s) => rate(s, 'Udp.RcvbufErrors') > 10, claims: ['app-not-reading-udp', 'udp-mem-limit'] },
    { name: '1m_ipv4_udp_send_buffer_errors', expression: 'average SndbufErrors > 10/s', raised: (s) => rate(s, 'Udp.SndbufErrors') > 10, claims: ['qdisc-overlimit', 'qdisc-class-limit', 'udp-sndbuf-errors', 'neigh-queue-full', 'neigh-table-full'] },
    { name: '1min_netdev_backlog_exceeded', expression: 'average softnet dropped > 10/s', raised: (s) => rate(s, 'softnet.dropped') > 10, claims: ['softnet-backlog', 'softnet-flow-limit'] },
    { name: '1min_netdev_budget_ran_outs', expression: 'average softnet squeezed > 10/s', raised: (s) => rate(s, 'softnet.squeezed') > 10, claims: ['softnet-time-squeeze', 'cpu-softirq-saturated'] },
    { name: 'netfilter_conntrack_full', expression: 'connections · 100 / nf_conntrack_max > 90', raised: (s) => level(s, 'nf_conntrack_count') * 100 > 90 * Math.max(1, level(s, 'nf_conntrack_max')), claims: ['ct-table-full'] },
    { name: 'inbound_packets_dropped_ratio', expression: 'drops · 100 / packets ≥ 2 where packets > 10000 in 10 min', raised: (s) => anyLink(s, (grown) => grown('rx_packets') > guard(10_000, s) && grown('rx_drop') * 100 >= 2 * grown('rx_packets')), claims: RX_DROPPED },
    { name: 'outbound_packets_dropped_ratio', expression: 'drops · 100 / packets ≥ 2 where packets > 1000 in 10 min', raised: (s) => anyLink(s, (grown) => grown('tx_packets') > guard(1000, s) && grown('tx_drop') * 100 >= 2 * grown('tx_packets')), claims: TX_DROPPED },
    { name: '10min_fifo_errors', expression: 'sum of fifo errors > 0', raised: (s) => anyLink(s, (grown) => grown('rx_fifo') + grown('tx_fifo') > 0), claims: ['nic-rx-ring-overflow', 'nic-tx-dropped'] },
    { name: '1m_received/sent_traffic_overflow', expression: 'average bits · 100 / speed > 90', raised: (s) => anyLink(s, (grown, speed) => speed > 0 && Math.max(grown('rx_bytes'), grown('tx_bytes')) * 8 > 0.9 * speed * 1e6 * s.seconds), claims: ['nic-bandwidth-saturated'] },
    { name: '10s_received_packets_storm', expression: 'packets of 10 s · 100 / max(1000, the last minute) > 5000', raised: (s) => anyLink(s, (grown) => grown('rx_packets') / s.seconds > 50_000), claims: [] },
  ],
};

const PCP: Peer = {
  name: 'PCP 6.0',
  source: 'pmieconf/network/{tcplistenoverflows,tcpqfulldrops,tcpqfulldocookies} of the Debian package pcp 6.0.3-1.1',
  alarms: [
    { name: 'tcplistenoverflows', expression: 'network.tcp.listenoverflows > 0', raised: (s) => delta(s, 'TcpExt.ListenOverflows') > 0, claims: ACCEPT },
    { name: 'tcpqfulldrops', expression: 'network.tcp.reqqfulldrop > 0', raised: (s) => delta(s, 'TcpExt.TCPReqQFullDrop') > 0, claims: ['tcp-syn-queue-full-drop'] },
    { name: 'tcpqfulldocookies', expression: 'network.tcp.reqqfulldocookies > 0', raised: (s) => delta(s, 'TcpExt.TCPReqQFullDoCookies') > 0, claims: ['tcp-syn-queue-full-cookies'] },
  ],
};

const NODE_MIXIN: Peer = {
  name: 'node-mixin',
  source: 'docs/node-mixin/alerts/alerts.libsonnet of prometheus/node_exporter',
  alarms: [
    { name: 'NodeNetworkReceiveErrs', expression: 'rate(receive_errs) / rate(receive_packets) > 0.01', raised: (s) => anyLink(s, (grown) => grown('rx_errs') > 0.01 * grown('rx_packets')), claims: ['nic-crc-errors', 'nic-length-errors', 'nic-rx-ring-overflow'] },
    { name: 'NodeNetworkTransmitErrs', expression: 'rate(transmit_errs) / rate(transmit_packets) > 0.01', raised: (s) => anyLink(s, (grown) => grown('tx_errs') > 0.01 * grown('tx_packets')), claims: ['nic-tx-dropped', 'nic-duplex-mismatch', 'vxlan-no-fdb'] },
    { name: 'NodeHighNumberConntrackEntriesUsed', expression: 'nf_conntrack_entries / nf_conntrack_entries_limit > 0.75', raised: (s) => level(s, 'nf_conntrack_count') > 0.75 * Math.max(1, level(s, 'nf_conntrack_max')), claims: ['ct-table-full'] },
  ],
};

/** The peers that judge by counters. */
export const PEERS: readonly Peer[] = [NETDATA, PCP, NODE_MIXIN];
