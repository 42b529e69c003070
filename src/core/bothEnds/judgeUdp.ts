import { msg } from '../message.js';
import { formatEndpoint, type Flow } from './flow.js';
import { delta, level, type SocketPair } from './numbers.js';
import { suspectsAtSocket, suspectsOnTheWay } from './suspects.js';
import type { Decision, EndLook } from './types.js';
import { placeOfMissing } from './weigh.js';

/**
 * Decides a UDP flow. A UDP socket counts what it drops and nothing else; what is sent and received is counted for the whole host.
 * So what was sent is known only where this socket is the host's only one and is connected, and what came to the receiver's socket was
 * at most all that its host received: the difference is lost for certain.
 */
export function judgeUdp(flow: Flow, sender: EndLook, receiver: EndLook, from: SocketPair, to: SocketPair): Decision {
  const dropped = delta(to, 'drops') ?? 0;
  if (dropped > 0) return droppedAtSocket(flow, receiver, to, dropped);
  const out = suspectsOnTheWay(sender, 'sender', 'tx', flow);
  const names = counterNames(flow);
  const sentByHost = counted(sender, names.sent);
  const handedOver = counted(receiver, names.received) + counted(receiver, names.errors) + counted(receiver, names.noPort);
  // What a queue of the own host refuses is told to the socket and is no datagram sent (udp_send_skb).
  const refused = counted(sender, names.refused);
  if (sentByHost + refused === 0) {
    const summary = msg('Nothing was sent while I watched: no program on {0} sent a datagram.', sender.host);
    return { verdict: 'clean', place: 'sender-application', summary };
  }
  if (refused > 0 && out.findings[0] !== undefined) {
    const summary = msg('{0} datagrams never left {1}: {2}', Math.max(refused, Math.round(out.packets)), sender.host, out.findings[0].finding.summary);
    return { verdict: 'loss', place: 'sender-host', summary, findings: out.findings };
  }
  const others = (sender.readings[1].udpSockets ?? Number.POSITIVE_INFINITY) - 1;
  if (others > 0 || from.after.peer === undefined) return withoutCount(flow, sender, receiver, others);
  const missing = Math.max(0, sentByHost - handedOver);
  if (missing > 0) return placeOfMissing(missing, sender, receiver, flow);
  const summary = msg('Nothing was lost: {0} sent {1} datagrams, and {2} handed over at least as many.', sender.host, sentByHost, receiver.host);
  return { verdict: 'clean', place: 'none', summary };
}

/** A full buffer: of a program that has not emptied it by the end, or one that was too small for a burst. */
function droppedAtSocket(flow: Flow, receiver: EndLook, to: SocketPair, dropped: number): Decision {
  const local = formatEndpoint(to.after.local);
  const findings = suspectsAtSocket(receiver, flow);
  const [first] = findings;
  if (first !== undefined) {
    const summary = msg('{0} datagrams came to the socket {1} on {2} and were dropped there: {3}', dropped, local, receiver.host, first.finding.summary);
    return { verdict: 'loss', place: 'receiver-host', summary, findings };
  }
  const waiting = level(to.after, 'recv_q');
  const full = receiver.diagnosis.findings
    .filter(({ cause, subject, severity }) => severity === 'loss' && cause === 'app-not-reading-udp' && subject.name.endsWith(`:${to.after.local.port}`))
    .map((finding) => ({ end: 'receiver' as const, finding }));
  if (waiting > 0) {
    const summary = msg('The program behind {0} on {1} does not read fast enough: {2} datagrams were dropped because its buffer was full, and {3} bytes still wait.', local, receiver.host, dropped, waiting);
    return { verdict: 'loss', place: 'receiver-application', summary, findings: full };
  }
  if (counted(receiver, counterNames(flow).full) > 0) {
    const summary = msg('{0} datagrams were dropped at the socket {1} on {2}: its receive buffer ({3} bytes) was too small for what came at once. The program had read everything at the end.', dropped, local, receiver.host, level(to.after, 'skmem_rb'));
    return { verdict: 'loss', place: 'receiver-host', summary, findings: full };
  }
  const summary = msg('{0} datagrams were dropped at the socket {1} on {2}, and not because its buffer was full.', dropped, local, receiver.host);
  return { verdict: 'loss', place: 'receiver-host', summary };
}

/** The flow's own datagrams cannot be counted: only drops of a host can be named. */
function withoutCount(flow: Flow, sender: EndLook, receiver: EndLook, others: number): Decision {
  const out = suspectsOnTheWay(sender, 'sender', 'tx', flow);
  const into = suspectsOnTheWay(receiver, 'receiver', 'rx', flow);
  const reason =
    others > 0
      ? msg('Cannot tell how many datagrams of this flow were lost: UDP does not count per socket, and {0} has other UDP sockets ({1}).', sender.host, Number.isFinite(others) ? others : '?')
      : msg('Cannot tell how many datagrams of this flow were lost: UDP does not count per socket, and the socket on {0} is not connected.', sender.host);
  const [only, look, place] =
    out.findings.length > 0 && into.findings.length === 0
      ? ([out, sender, 'sender-host'] as const)
      : into.findings.length > 0 && out.findings.length === 0
        ? ([into, receiver, 'receiver-host'] as const)
        : ([undefined, receiver, 'unknown'] as const);
  const first = only?.findings[0];
  if (only === undefined || first === undefined) return { verdict: 'unknown', place: 'unknown', summary: reason, findings: [...out.findings, ...into.findings] };
  const summary = msg('{0} drops packets where this flow passes, the only ones that either host loses: {1}', look.host, first.finding.summary);
  return { verdict: 'loss', place, summary, findings: only.findings };
}

interface CounterNames {
  readonly sent: string;
  readonly refused: string;
  readonly received: string;
  readonly errors: string;
  readonly noPort: string;
  readonly full: string;
}

export function counterNames(flow: Flow): CounterNames {
  const group = flow.receiver.address.includes(':') ? 'Udp6' : 'Udp';
  return {
    sent: `${group}.OutDatagrams`,
    refused: `${group}.SndbufErrors`,
    received: `${group}.InDatagrams`,
    errors: `${group}.InErrors`,
    noPort: `${group}.NoPorts`,
    full: `${group}.RcvbufErrors`,
  };
}

function counted({ view }: EndLook, name: string): number {
  return view.counters.get(name)?.delta ?? 0;
}
