import { msg, type Message } from '../message.js';
import type { Mark } from './types.js';

/** What it means that a counter rose by `n` while it was watched. */
export interface CounterWords {
  readonly mark: Mark;
  readonly say: (n: number) => Message;
}

const entry = (mark: Mark, say: (n: number) => Message): CounterWords => ({ mark, say });

/**
 * The counters that tell of loss, and those that look as if they did, the most telling first: the first that moved
 * gives the sentence. What moves each harmlessly: the kernel's Documentation/networking/snmp_counter.rst and
 * experiments with Linux 6.18.
 */
export const COUNTER_WORDS: ReadonlyMap<string, CounterWords> = new Map<string, CounterWords>([
  ['TcpExt.ListenOverflows', entry('loss', (n) => msg('{0} times a new connection met a full accept queue and was dropped (ListenOverflows).', n))],
  ['TcpExt.TCPReqQFullDrop', entry('loss', (n) => msg('{0} SYNs were dropped because a SYN queue was full and SYN cookies are off (TCPReqQFullDrop).', n))],
  ['TcpExt.ListenDrops', entry('loss', (n) => msg('{0} packets to listening sockets were dropped (ListenDrops).', n))],
  ['TcpExt.TCPFastOpenListenOverflow', entry('loss', (n) => msg('{0} fast-open requests met a full queue (TCPFastOpenListenOverflow).', n))],
  ['TcpExt.TCPDeferAcceptDrop', entry('loss', (n) => msg('{0} connections were dropped because the client sent nothing (TCPDeferAcceptDrop).', n))],
  ['Udp.RcvbufErrors', entry('loss', (n) => msg('{0} UDP datagrams were dropped because a socket’s receive buffer was full: the program does not read fast enough (Udp.RcvbufErrors).', n))],
  ['Udp6.RcvbufErrors', entry('loss', (n) => msg('{0} UDP datagrams over IPv6 were dropped because a socket’s receive buffer was full (Udp6.RcvbufErrors).', n))],
  ['Udp.MemErrors', entry('loss', (n) => msg('{0} UDP datagrams were dropped because udp_mem is used up (Udp.MemErrors).', n))],
  ['TcpExt.TCPRcvQDrop', entry('loss', (n) => msg('{0} TCP segments were dropped because a receive buffer was full (TCPRcvQDrop).', n))],
  ['TcpExt.RcvPruned', entry('loss', (n) => msg('{0} times received TCP data was thrown away for want of memory (RcvPruned).', n))],
  ['TcpExt.OfoPruned', entry('loss', (n) => msg('{0} times out-of-order TCP data was thrown away for want of memory (OfoPruned).', n))],
  ['TcpExt.TCPOFODrop', entry('loss', (n) => msg('{0} out-of-order TCP segments were dropped (TCPOFODrop).', n))],
  ['TcpExt.TCPBacklogDrop', entry('loss', (n) => msg('{0} TCP segments were dropped because the backlog of a busy socket was full (TCPBacklogDrop).', n))],
  ['TcpExt.TCPZeroWindowDrop', entry('loss', (n) => msg('{0} TCP segments were dropped because they came into a closed window (TCPZeroWindowDrop).', n))],
  ['TcpExt.BeyondWindow', entry('loss', (n) => msg('{0} TCP segments were dropped because they lay beyond the window (BeyondWindow).', n))],
  ['TcpExt.TCPAbortOnMemory', entry('loss', (n) => msg('{0} TCP connections were cut for want of memory (TCPAbortOnMemory).', n))],
  ['TcpExt.PFMemallocDrop', entry('loss', (n) => msg('{0} packets were dropped because the host runs out of memory (PFMemallocDrop).', n))],
  ['softnet.dropped', entry('loss', (n) => msg('{0} packets were dropped from the backlog of a CPU; see net.core.netdev_max_backlog (softnet dropped).', n))],
  ['softnet.flow_limit_count', entry('loss', (n) => msg('{0} packets of a single large flow were dropped by the flow limit (softnet flow_limit_count).', n))],
  ['TcpExt.IPReversePathFilter', entry('loss', (n) => msg('{0} packets were dropped by rp_filter: their answer would leave by another interface (IPReversePathFilter).', n))],
  ['Ip.InDiscards', entry('loss', (n) => msg('{0} received packets were discarded for want of memory or by policy (Ip.InDiscards).', n))],
  ['Ip6.InDiscards', entry('loss', (n) => msg('{0} received IPv6 packets were discarded (Ip6.InDiscards).', n))],
  ['Ip.OutNoRoutes', entry('loss', (n) => msg('{0} packets had no route (Ip.OutNoRoutes).', n))],
  ['IpExt.InNoRoutes', entry('loss', (n) => msg('{0} received packets had no route to go on (IpExt.InNoRoutes).', n))],
  ['Ip.OutDiscards', entry('loss', (n) => msg('{0} packets were dropped on the way out: queueing discipline, firewall or neighbour (Ip.OutDiscards).', n))],
  ['Udp.SndbufErrors', entry('loss', (n) => msg('{0} UDP datagrams were dropped on the way out; mostly by a queueing discipline, seldom by the send buffer (Udp.SndbufErrors).', n))],
  ['Ip.ReasmFails', entry('loss', (n) => msg('{0} times a fragmented packet could not be put together (Ip.ReasmFails).', n))],
  ['Ip6.ReasmFails', entry('loss', (n) => msg('{0} times a fragmented IPv6 packet could not be put together (Ip6.ReasmFails).', n))],
  ['Tcp.InCsumErrors', entry('loss', (n) => msg('{0} TCP segments had a wrong checksum: cable, NIC or offload (Tcp.InCsumErrors).', n))],
  ['Udp.InCsumErrors', entry('loss', (n) => msg('{0} UDP datagrams had a wrong checksum (Udp.InCsumErrors).', n))],
  ['IpExt.InCsumErrors', entry('loss', (n) => msg('{0} IP headers had a wrong checksum (IpExt.InCsumErrors).', n))],
  ['IpExt.InTruncatedPkts', entry('loss', (n) => msg('{0} packets were shorter than their header says (IpExt.InTruncatedPkts).', n))],
  ['TcpExt.TCPMD5NotFound', entry('loss', (n) => msg('{0} segments lacked the MD5 signature that this host expects (TCPMD5NotFound).', n))],
  ['TcpExt.TCPMinTTLDrop', entry('loss', (n) => msg('{0} segments came from too far away for IP_MINTTL (TCPMinTTLDrop).', n))],
  ['TcpExt.PAWSEstab', entry('loss', (n) => msg('{0} segments were dropped for an old timestamp (PAWSEstab); duplicates do this too.', n))],
  ['Udp.InErrors', entry('loss', (n) => msg('{0} UDP datagrams were dropped; full buffer, checksum or filter (Udp.InErrors is their sum).', n))],
  ['TcpExt.TCPAbortOnTimeout', entry('loss', (n) => msg('{0} TCP connections were given up because nothing was acknowledged (TCPAbortOnTimeout).', n))],
  ['TcpExt.TCPLostRetransmit', entry('loss', (n) => msg('{0} retransmitted segments were lost again (TCPLostRetransmit).', n))],
  ['TcpExt.TCPSynRetrans', entry('loss', (n) => msg('{0} connection attempts were repeated because the peer did not answer (TCPSynRetrans).', n))],
  ['TcpExt.TCPReqQFullDoCookies', entry('risk', (n) => msg('{0} times a SYN queue was full and a SYN cookie was sent; nothing was dropped (TCPReqQFullDoCookies).', n))],
  ['TcpExt.SyncookiesFailed', entry('risk', (n) => msg('{0} ACKs carried no valid SYN cookie: late, or scans (SyncookiesFailed).', n))],
  ['TcpExt.TCPMemoryPressures', entry('risk', (n) => msg('{0} times TCP came under memory pressure (TCPMemoryPressures).', n))],
  ['TcpExt.TCPToZeroWindowAdv', entry('risk', (n) => msg('{0} times a receive window here was closed: a program does not read, the sender waits (TCPToZeroWindowAdv).', n))],
  ['TcpExt.TCPTimeouts', entry('risk', (n) => msg('{0} retransmission timeouts (TCPTimeouts).', n))],
  ['Tcp.RetransSegs', entry('risk', (n) => msg('{0} segments were sent again (Tcp.RetransSegs); compare with TCPDSACKRecv, which says how many needlessly.', n))],
  ['TcpExt.TCPAbortOnClose', entry('risk', (n) => msg('{0} connections were closed by a program here with data unread; the peer got RST (TCPAbortOnClose).', n))],
  ['TcpExt.TCPMTUPFail', entry('risk', (n) => msg('{0} times TCP’s own search for the path MTU failed (TCPMTUPFail).', n))],
  ['Ip.FragFails', entry('risk', (n) => msg('{0} packets were larger than the MTU with DF set (Ip.FragFails); one for each path-MTU discovery is normal.', n))],
  ['Ip6.FragFails', entry('risk', (n) => msg('{0} IPv6 packets could not be fragmented (Ip6.FragFails).', n))],
  ['Ip6.InTooBigErrors', entry('risk', (n) => msg('{0} IPv6 packets were too large to be forwarded (Ip6.InTooBigErrors).', n))],
  ['Ip.InHdrErrors', entry('risk', (n) => msg('{0} packets with a bad header, or whose TTL ran out here, as traceroute does (Ip.InHdrErrors).', n))],
  ['Ip.InAddrErrors', entry('risk', (n) => msg('{0} packets were not for this host and forwarding is off (Ip.InAddrErrors).', n))],
  ['Ip.InUnknownProtos', entry('risk', (n) => msg('{0} packets of a protocol that nobody here handles (Ip.InUnknownProtos).', n))],
  ['Icmp.InDestUnreachs', entry('risk', (n) => msg('{0} times a router or host answered “unreachable” or “fragmentation needed” (Icmp.InDestUnreachs).', n))],
  ['Icmp6.InPktTooBigs', entry('risk', (n) => msg('{0} times a router answered “packet too big”; path-MTU discovery at work (Icmp6.InPktTooBigs).', n))],
  ['Icmp.InTimeExcds', entry('risk', (n) => msg('{0} times a router answered “time exceeded”: a traceroute, or a routing loop (Icmp.InTimeExcds).', n))],
  ['Tcp.AttemptFails', entry('risk', (n) => msg('{0} connection attempts were refused or timed out (Tcp.AttemptFails).', n))],
  ['Tcp.EstabResets', entry('risk', (n) => msg('{0} established connections were reset (Tcp.EstabResets).', n))],
  ['TcpExt.TCPTimeWaitOverflow', entry('risk', (n) => msg('{0} closed connections found no place in TIME-WAIT (TCPTimeWaitOverflow).', n))],
  ['Udp.NoPorts', entry('harmless', (n) => msg('{0} UDP datagrams to ports without a listener; often broadcast noise (Udp.NoPorts).', n))],
  ['TcpExt.SyncookiesSent', entry('harmless', (n) => msg('{0} SYN cookies were sent (SyncookiesSent).', n))],
  ['softnet.time_squeeze', entry('harmless', (n) => msg('{0} times a CPU had more packets than its budget; no loss by itself (softnet time_squeeze).', n))],
  ['TcpExt.PruneCalled', entry('harmless', (n) => msg('{0} times TCP tidied up receive memory; no loss by itself (PruneCalled).', n))],
  ['TcpExt.TCPRcvCollapsed', entry('harmless', (n) => msg('{0} segments were merged to save memory; no loss (TCPRcvCollapsed).', n))],
  ['TcpExt.TCPFromZeroWindowAdv', entry('harmless', (n) => msg('{0} times a closed window was opened again (TCPFromZeroWindowAdv).', n))],
  ['TcpExt.TCPWantZeroWindowAdv', entry('harmless', (n) => msg('{0} times a window would have been closed; normal under fast transfers (TCPWantZeroWindowAdv).', n))],
  ['TcpExt.TCPDSACKRecv', entry('harmless', (n) => msg('{0} retransmitted segments had arrived already (TCPDSACKRecv).', n))],
  ['TcpExt.TCPSpuriousRTOs', entry('harmless', (n) => msg('{0} timeouts were needless (TCPSpuriousRTOs).', n))],
  ['TcpExt.TCPOFOQueue', entry('harmless', (n) => msg('{0} segments arrived out of order and were kept (TCPOFOQueue).', n))],
  ['TcpExt.TCPMTUPSuccess', entry('harmless', (n) => msg('{0} times TCP’s own search for the path MTU succeeded (TCPMTUPSuccess).', n))],
  ['Icmp.OutRateLimitHost', entry('harmless', (n) => msg('{0} ICMP answers were held back by the rate limit of one peer (Icmp.OutRateLimitHost).', n))],
  ['Icmp.OutRateLimitGlobal', entry('harmless', (n) => msg('{0} ICMP answers were held back by the global rate limit (Icmp.OutRateLimitGlobal).', n))],
]);
