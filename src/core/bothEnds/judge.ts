import { msg } from '../message.js';
import { formatFlow, type Flow } from './flow.js';
import { judgeTcp } from './judgeTcp.js';
import { counterNames, judgeUdp } from './judgeUdp.js';
import { hostEvidence, socketEvidence, socketPair, type SocketPair } from './numbers.js';
import type { Decision, EndEvidence, EndLook, FlowVerdict } from './types.js';

/**
 * Says where a flow loses: before, at or behind which of its two ends. What the evidence does not decide is `unknown`, with the
 * reason; it is never guessed.
 */
export function judgeFlow(flow: Flow, sender: EndLook, receiver: EndLook): FlowVerdict {
  const from = socketPair(sender, flow, 'sender');
  const to = socketPair(receiver, flow, 'receiver');
  if (from === undefined || to === undefined) {
    const host = from === undefined ? sender.host : receiver.host;
    const summary = msg('Cannot tell: at the end {0} had no socket of the flow {1}. It was closed while I watched, or never open.', host, formatFlow(flow));
    return { verdict: 'unknown', place: 'unknown', summary, because: [], findings: [] };
  }
  const decision: Decision = flow.protocol === 'tcp' ? judgeTcp(flow, sender, receiver, from, to) : judgeUdp(flow, sender, receiver, from, to);
  return { ...decision, findings: decision.findings ?? [], because: evidenceOf(flow, sender, receiver, from, to) };
}

function evidenceOf(flow: Flow, sender: EndLook, receiver: EndLook, from: SocketPair, to: SocketPair): readonly EndEvidence[] {
  const ip = flow.receiver.address.includes(':') ? 'Ip6' : 'Ip';
  if (flow.protocol === 'tcp') {
    return [
      ...socketEvidence(from, 'sender', ['data_segs_out', 'retrans_total', 'dsack_dups', 'bytes_acked', 'rwnd_limited_ms', 'sndbuf_limited_ms'], ['send_q', 'notsent', 'unacked', 'lost']),
      ...hostEvidence(sender, 'sender', [`${ip}.OutRequests`, `${ip}.OutTransmits`, `${ip}.OutDiscards`]),
      ...hostEvidence(receiver, 'receiver', [`${ip}.InReceives`, `${ip}.InDelivers`]),
      ...socketEvidence(to, 'receiver', ['data_segs_in', 'bytes_received', 'drops', 'rcv_ooopack'], ['recv_q', 'skmem_r', 'skmem_rb']),
    ];
  }
  const names = counterNames(flow);
  return [
    ...hostEvidence(sender, 'sender', [names.sent, names.refused, `${ip}.OutDiscards`]),
    ...hostEvidence(receiver, 'receiver', [`${ip}.InReceives`, `${ip}.InDelivers`, names.received, names.errors, names.full, names.noPort]),
    ...socketEvidence(to, 'receiver', ['drops'], ['recv_q', 'skmem_r', 'skmem_rb']),
  ];
}
