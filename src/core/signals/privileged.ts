import { msg } from '../message.js';
import { group, type Signal } from './signal.js';

const filter = group({ layer: 'netfilter', direction: 'both' });
const transport = group({ layer: 'transport', direction: 'both' });
const network = group({ layer: 'network' });
const neighbour = group({ layer: 'neighbour', direction: 'tx', unit: 'messages' });
const nic = group({ layer: 'nic', unit: 'messages' });

/** What only root may read: rules and their counters, connection tracking in detail, messages and drop reasons of the kernel. */
export const PRIVILEGED_SIGNALS: readonly Signal[] = [
  filter('rule.packets', 'protocol-drops', 'nft list ruleset, iptables-save -c', msg('Packets that a firewall rule decided about.'), { loss: 'maybe', harmless: msg('Rules that do what they are for.') }),
  filter('rule.bytes', 'protocol-drops', 'nft list ruleset, iptables-save -c', msg('Bytes that a firewall rule decided about.'), { unit: 'bytes' }),
  filter('chain.packets', 'protocol-drops', 'iptables-save -c', msg('Packets that met the policy of a firewall chain.'), { loss: 'maybe', harmless: msg('A policy at work.') }),
  filter('nfqueue.queue_dropped', 'protocol-drops', 'nfqnl_enqueue_packet', msg('Packets dropped because too many waited for a program to decide.'), { loss: 'loss' }),
  filter('nfqueue.user_dropped', 'protocol-drops', 'nfqnl_enqueue_packet', msg('Packets dropped because the socket of the deciding program was full.'), { loss: 'loss' }),
  filter('nfqueue.waiting', 'protocol-drops', 'nfnetlink_queue', msg('Packets that wait for a program to decide.')),
  filter('conntrack_s.drop', 'conntrack', 'conntrack -S', msg('Packets dropped because no entry could be made.'), { loss: 'loss' }),
  filter('conntrack_s.invalid', 'conntrack', 'conntrack -S', msg('Packets that fit no known connection.'), { loss: 'maybe', harmless: msg('Stray segments after a close.') }),
  filter('dmesg.table_full', 'conntrack', 'nf_conntrack_alloc', msg('Messages about a full connection tracking table.'), { unit: 'messages', loss: 'loss' }),
  filter('dmesg.expect_full', 'conntrack', '__nf_ct_expect_check', msg('Messages about a full table of expected connections.'), { unit: 'messages', loss: 'loss' }),
  transport('drop.events', 'protocol-drops', 'skb:kfree_skb', msg('Packets that the kernel freed for this reason at this place.'), { loss: 'maybe', harmless: msg('Closed sockets, pings, old duplicates.') }),
  transport('dmesg.syn_flooding', 'syn-queue', 'tcp_syn_flood_action', msg('Messages about a full SYN queue.'), { unit: 'messages', loss: 'maybe' }),
  transport('dmesg.oom', 'socket-buffers', 'oom_kill_process', msg('Messages about processes killed for want of memory.'), { unit: 'messages' }),
  network('dmesg.martian', 'protocol-drops', 'ip_handle_martian_source', msg('Messages about impossible addresses.'), { unit: 'messages', loss: 'maybe' }),
  neighbour('dmesg.neighbour_overflow', 'protocol-drops', 'neigh_alloc', msg('Messages about a full neighbour table.'), { loss: 'loss' }),
  nic('dmesg.tx_timeout', 'interface-drops', 'dev_watchdog', msg('Messages about a transmit queue that stands still.'), { direction: 'tx', loss: 'loss' }),
  nic('dmesg.alloc_failure', 'ring-buffer', 'warn_alloc', msg('Messages about failed allocations.'), { loss: 'maybe' }),
  nic('dmesg.hw_csum', 'protocol-drops', 'netdev_rx_csum_fault', msg('Messages about checksums that a NIC calculated wrongly.'), { loss: 'maybe' }),
];
