import { msg } from '../message.js';
import { group, type Signal } from './signal.js';

const app = group({ layer: 'application' });
const transport = group({ layer: 'transport', direction: 'both', unit: 'setting' });
const filter = group({ layer: 'netfilter', direction: 'both', unit: 'setting' });
const network = group({ layer: 'network', unit: 'setting' });
const neighbour = group({ layer: 'neighbour', direction: 'tx' });
const link = group({ layer: 'link', direction: 'both' });
const cpu = group({ layer: 'softnet', unit: 'ticks' });
const nic = group({ layer: 'nic' });

/** Settings and states that lose packets without a counter, limits of programs, and driver counters of one meaning. */
export const SETTING_SIGNALS: readonly Signal[] = [
  app('files.open', 'accept-queue', 'proc(5), file-nr', msg('Open files of the whole machine.'), { unit: 'files' }),
  app('files.max', 'accept-queue', 'proc(5), file-nr', msg('Most open files of the machine.'), { unit: 'files' }),
  app('listener.fds', 'accept-queue', 'proc(5), /proc/PID/fd', msg('Open files of the program, counted where its highest descriptor is taken.'), { unit: 'files' }),
  app('listener.fd_limit', 'accept-queue', 'proc(5), limits', msg('Most open files of the program.'), { unit: 'files' }),
  app('listener.close_wait', 'established-queues', 'ss state close-wait', msg('Connections that the peer closed and the program did not.'), { unit: 'connections' }),
  app('halfclosed.count', 'established-queues', 'ss state close-wait', msg('Connections that the peer closed and the program did not.'), { unit: 'connections', harmless: msg('For a moment, while a connection ends.') }),
  app('closewait.count', 'established-queues', 'ss state close-wait', msg('All connections that the peer closed and the program here did not.'), { unit: 'connections', harmless: msg('For a moment, while connections end.') }),
  app('synsent.count', 'path', 'ss state syn-sent', msg('Connection attempts without an answer at this moment.'), { unit: 'connections', direction: 'tx' }),
  app('ports.used', 'protocol-drops', 'ss -tan', msg('Local ports in use towards the busiest destination; 0 while there are few connections.'), { unit: 'ports', direction: 'tx' }),
  app('ports.size', 'protocol-drops', 'ip-sysctl.rst', msg('Size of the local port range.'), { unit: 'ports', direction: 'tx' }),
  app('vmstat.oom_kill', 'retransmission', 'mm/vmstat.c', msg('Processes killed for want of memory.'), { unit: 'processes', loss: 'maybe' }),
  transport('vmstat.allocstall', 'socket-buffers', 'mm/vmstat.c', msg('Allocations that had to wait until memory was freed.'), { unit: 'events' }),
  transport('capture.drops', 'protocol-drops', 'tpacket_rcv, packet_rcv', msg('Copies that a capture was too slow to take; the packets themselves went on.'), { unit: 'packets', harmless: msg('A slow tcpdump.') }),
  transport('sysctl.net.ipv4.tcp_timestamps', 'protocol-drops', 'ip-sysctl.rst', msg('Whether TCP sends timestamps.')),
  transport('sysctl.net.ipv4.tcp_tw_reuse', 'protocol-drops', 'ip-sysctl.rst', msg('Whether ports in TIME-WAIT may be used again for new connections.')),
  transport('sysctl.net.ipv6.icmp.echo_ignore_all', 'path', 'ip-sysctl.rst', msg('Whether ping over IPv6 is ignored.'), { direction: 'rx' }),
  filter('sysctl.net.netfilter.nf_conntrack_expect_max', 'conntrack', 'nf_conntrack-sysctl.rst', msg('Most expected connections (FTP, SIP).'), { unit: 'connections' }),
  filter('sysctl.net.netfilter.nf_conntrack_tcp_be_liberal', 'conntrack', 'nf_conntrack-sysctl.rst', msg('Whether segments outside the window are let through.')),
  filter('sysctl.net.netfilter.nf_conntrack_tcp_timeout_established', 'conntrack', 'nf_conntrack-sysctl.rst', msg('After how much silence a connection is forgotten.'), { unit: 'seconds' }),
  filter('sysctl.net.bridge.bridge-nf-call-iptables', 'protocol-drops', 'br_netfilter_hooks.c', msg('Whether bridged frames pass the IPv4 firewall.')),
  filter('sysctl.net.bridge.bridge-nf-call-ip6tables', 'protocol-drops', 'br_netfilter_hooks.c', msg('Whether bridged frames pass the IPv6 firewall.')),
  network('routes.listed', 'protocol-drops', 'ip route', msg('Whether the routing tables were small enough to be searched.')),
  network('sysctl.net.ipv6.conf.all.forwarding', 'protocol-drops', 'ip-sysctl.rst', msg('Whether this host forwards IPv6 packets.'), { direction: 'fwd' }),
  network('sysctl.net.ipv6.route.max_size', 'protocol-drops', 'ip-sysctl.rst', msg('Most entries of the IPv6 route cache, before Linux 6.3.'), { unit: 'entries' }),
  network('sysctl.net.ipv6.ip6frag_high_thresh', 'mtu', 'ip-sysctl.rst', msg('Most memory of incomplete IPv6 datagrams.'), { unit: 'bytes' }),
  network('rt6.entries', 'protocol-drops', 'rt6_stats_seq_show', msg('IPv6 routes.'), { unit: 'routes' }),
  network('rt6.dst_entries', 'protocol-drops', 'rt6_stats_seq_show', msg('Entries of the IPv6 route cache.'), { unit: 'entries' }),
  network('conf.ipv4.all.rp_filter', 'protocol-drops', 'ip-sysctl.rst', msg('Least strictness of the reverse path filter.')),
  network('conf.ipv4.all.drop_unicast_in_l2_multicast', 'protocol-drops', 'ip-sysctl.rst', msg('Whether unicast packets in multicast frames are dropped.')),
  network('interface.ipv4_rp_filter', 'protocol-drops', 'ip-sysctl.rst', msg('Reverse path filter of the interface: 0 off, 1 strict, 2 loose; the larger of this and "all" counts.')),
  network('interface.ipv4_forwarding', 'protocol-drops', 'ip-sysctl.rst', msg('Whether IPv4 packets from this interface are forwarded.'), { direction: 'fwd' }),
  network('interface.ipv4_drop_unicast_in_l2_multicast', 'protocol-drops', 'ip-sysctl.rst', msg('Whether unicast packets in multicast frames are dropped.')),
  network('interface.ipv6_disable_ipv6', 'protocol-drops', 'ip-sysctl.rst', msg('Whether IPv6 is off on the interface.')),
  network('interface.ipv6_dadfailed', 'protocol-drops', 'if_inet6', msg('IPv6 addresses that another host in the network has too.'), { unit: 'addresses', loss: 'maybe' }),
  network('interface.ipv6_addresses', 'protocol-drops', 'if_inet6', msg('IPv6 addresses of the interface.'), { unit: 'addresses' }),
  neighbour('neighbours.ipv4', 'protocol-drops', 'ip neigh', msg('Entries of the IPv4 neighbour table in this namespace.'), { unit: 'entries' }),
  neighbour('neighbours.ipv6', 'protocol-drops', 'ip neigh', msg('Entries of the IPv6 neighbour table in this namespace.'), { unit: 'entries' }),
  neighbour('sysctl.net.ipv6.neigh.default.gc_thresh3', 'protocol-drops', 'ip-sysctl.rst', msg('Most entries of the IPv6 neighbour table.'), { unit: 'entries' }),
  neighbour('neighbour.used', 'protocol-drops', 'ip -s neigh', msg('Seconds since something was last sent to this neighbour.'), { unit: 'seconds' }),
  neighbour('neighbour.probes', 'protocol-drops', 'ip -s neigh', msg('Requests sent to this neighbour.'), { unit: 'requests' }),
  neighbour('neighbour.failing', 'protocol-drops', 'ip -s neigh', msg('Whether the neighbour does not answer.'), { unit: 'state' }),
  neighbour('conf.ipv4.all.arp_ignore', 'protocol-drops', 'ip-sysctl.rst', msg('Which ARP requests are ignored: 8 ignores all of them.'), { direction: 'rx', unit: 'setting' }),
  neighbour('conf.ipv4.all.arp_filter', 'protocol-drops', 'ip-sysctl.rst', msg('Whether ARP is answered only where the way back leads.'), { direction: 'rx', unit: 'setting' }),
  neighbour('interface.ipv4_arp_ignore', 'protocol-drops', 'ip-sysctl.rst', msg('Which ARP requests the interface ignores; the larger of this and "all" counts.'), { direction: 'rx', unit: 'setting' }),
  neighbour('interface.ipv4_arp_filter', 'protocol-drops', 'ip-sysctl.rst', msg('Whether the interface answers ARP only where the way back leads.'), { direction: 'rx', unit: 'setting' }),
  link('interface.bond_link_failures', 'link-capacity', 'bond_miimon_commit', msg('How often this member of a bond lost its link.'), { unit: 'events', loss: 'maybe' }),
  cpu('cpu.softirq_ticks', 'interface-drops', 'proc(5), stat', msg('Time that the CPU spent on soft interrupts, mostly packets.')),
  cpu('cpu.steal_ticks', 'interface-drops', 'proc(5), stat', msg('Time that the hypervisor gave to somebody else.')),
  cpu('cpu.idle_ticks', 'interface-drops', 'proc(5), stat', msg('Time in which the CPU had nothing to do.')),
  cpu('cpu.cpu_ticks', 'interface-drops', 'proc(5), stat', msg('All time of the CPU.')),
  cpu('cgroup.nr_throttled', 'interface-drops', 'cgroup-v2.rst', msg('Periods in which this container had to stop because its CPU limit was used up.'), { unit: 'periods' }),
  cpu('cgroup.nr_periods', 'interface-drops', 'cgroup-v2.rst', msg('Periods of the CPU limit.'), { unit: 'periods' }),
  nic('nic.xdp_drops', 'interface-drops', 'drivers (ethtool -S)', msg('Driver counters that mean "discarded by an XDP program".'), { loss: 'maybe', harmless: msg('A filter at work.') }),
  nic('nic.alloc_fail', 'ring-buffer', 'drivers (ethtool -S)', msg('Driver counters that mean "no memory for a receive buffer".'), { unit: 'events', loss: 'maybe' }),
  nic('nic.pause_rx', 'link-capacity', 'drivers (ethtool -S)', msg('Pause frames received: the other side asked to wait.'), { direction: 'tx', unit: 'frames', harmless: msg('Single ones, and fabrics that are meant to lose nothing.') }),
  nic('nic.pause_tx', 'link-capacity', 'drivers (ethtool -S)', msg('Pause frames sent: this NIC asked the other side to wait.'), { unit: 'frames', harmless: msg('Single ones, and fabrics that are meant to lose nothing.') }),
  nic('nic.tx_timeouts', 'interface-drops', 'drivers (ethtool -S)', msg('Transmit queues that stood still and were reset.'), { direction: 'tx', unit: 'events', loss: 'loss' }),
  nic('nic.oversize', 'mtu', 'drivers (ethtool -S)', msg('Frames of a length that the NIC refuses.'), { loss: 'loss' }),
  nic('nic.fec_lost', 'link-capacity', 'drivers (ethtool -S)', msg('Blocks that error correction could not repair.'), { unit: 'blocks', loss: 'loss' }),
  nic('nic.filtered', 'interface-drops', 'drivers (ethtool -S)', msg('Frames that the address or VLAN filter of the NIC refused.'), { loss: 'maybe', harmless: msg('Multicast that nobody here wants.') }),
  nic('nic.lro', 'interface-drops', 'drivers (ethtool -S)', msg('Segments joined by large receive offload.'), { harmless: msg('Hosts that do not forward.') }),
];
