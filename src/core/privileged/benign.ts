import { msg, type Message } from '../message.js';

/** A pair of reason and function that the kernel reports although nothing was lost. */
export interface Benign {
  /** Name of the reason. `-`: kernels before 5.17, which have none. */
  readonly reasons: readonly string[];
  /** Functions, without offset and compiler suffix; empty: wherever it is seen. */
  readonly functions: readonly string[];
  readonly why: Message;
}

/** `kfree_skb` is also how the kernel lets go of packets that have done their work. Each entry was seen on a healthy host. */
export const BENIGN: readonly Benign[] = [
  {
    reasons: ['QUEUE_PURGE', 'SOCKET_CLOSE', 'UNIX_DISCONNECT', 'UNIX_SKIP_OOB'],
    functions: [],
    why: msg('a program closed a socket; what was still in its queue is thrown away'),
  },
  {
    reasons: ['-', 'NOT_SPECIFIED'],
    functions: ['sk_stream_kill_queues', 'unix_release_sock', 'unix_sock_destructor', 'inet_sock_destruct', 'skb_queue_purge', 'skb_queue_purge_reason', 'tcp_write_queue_purge'],
    why: msg('a program closed a socket; what was still in its queue is thrown away'),
  },
  { reasons: ['NO_SOCKET', '-', 'NOT_SPECIFIED'], functions: ['ping_rcv', 'icmp_rcv'], why: msg('an answer to a ping; the program got a copy of its own') },
  { reasons: ['TCP_OLD_SEQUENCE'], functions: [], why: msg('a probe of a peer that waits for a window, answered as it should be') },
  { reasons: ['TCP_OLD_DATA'], functions: [], why: msg('data that had already arrived: a loss probe, or one retransmission too many') },
  { reasons: ['TCP_OFOMERGE'], functions: [], why: msg('data that had already arrived, out of order') },
  { reasons: ['TCP_RESET'], functions: [], why: msg('a reset that has closed its connection') },
  { reasons: ['DUP_FRAG'], functions: [], why: msg('a fragment that had already arrived') },
  { reasons: ['PACKET_SOCK_ERROR'], functions: [], why: msg('a capture (tcpdump) was too slow for its copy; the packet itself went on') },
  { reasons: ['OTHERHOST'], functions: [], why: msg('a frame for another host’s address, seen in promiscuous mode or flooded by a switch') },
  { reasons: ['UNHANDLED_PROTO'], functions: [], why: msg('a frame of a protocol that this host does not speak (LLDP, STP …)') },
  { reasons: ['IPV6_NDISC_NS_OTHERHOST'], functions: [], why: msg('a neighbour asks for another host') },
  { reasons: ['NOT_SPECIFIED', '-'], functions: ['ip6_mc_input', 'tcp_v4_rcv', 'tcp_v6_rcv'], why: msg('multicast that nobody here joined, or a segment of a connection that is closed') },
  { reasons: ['CONSUMED', 'SKB_CONSUMED'], functions: [], why: msg('the packet was used up, not dropped') },
];

/** Why this pair is harmless; `undefined` when it tells of a packet that was lost. */
export function benignWhy(reason: string, place: string): Message | undefined {
  return BENIGN.find(({ reasons, functions }) => reasons.includes(reason) && (functions.length === 0 || functions.includes(place)))?.why;
}
