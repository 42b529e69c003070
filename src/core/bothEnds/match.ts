import { changeOf } from '../count.js';
import { formatFlow, sameEndpoint, tupleAt, type Endpoint, type Flow, type FlowProtocol } from './flow.js';
import type { FlowReading, Socket } from './reading.js';

/** A flow that both hosts know, and how much moved. */
export interface SeenFlow {
  readonly flow: Flow;
  /** Which of the two hosts sends. */
  readonly sender: 'a' | 'b';
  /** Bytes that arrived between the two readings; 0 for UDP, which does not count them. */
  readonly moved: number;
  /** Bytes that wait at either end: to be acknowledged by the sender's TCP, to be read by the receiver's program. */
  readonly waiting: number;
}

/** Two readings of a host, the earlier first. */
export type ReadingPair = readonly [FlowReading, FlowReading];

/**
 * The flows that both hosts have a socket for, busiest first. TCP connections are joined by their four numbers, the other
 * way round on the other host; each is one flow, in the direction in which more was sent. A UDP socket that is connected is joined with
 * the socket that has its peer's port, connected or not.
 */
export function joinFlows(protocol: FlowProtocol, a: ReadingPair, b: ReadingPair, b_addresses: readonly string[], a_addresses: readonly string[]): readonly SeenFlow[] {
  const found = protocol === 'tcp' ? joinTcp(a, b) : [...joinUdp(a, b, b_addresses, 'a'), ...joinUdp(b, a, a_addresses, 'b')];
  const unique = new Map(found.map((seen) => [formatFlow(seen.flow), seen]));
  return [...unique.values()].sort((one, two) => two.moved + two.waiting - one.moved - one.waiting || formatFlow(one.flow).localeCompare(formatFlow(two.flow)));
}

/** The sockets of a flow at one of its ends. A connected one comes before one that takes datagrams from everybody. */
export function socketOf(reading: FlowReading, flow: Flow, end: 'sender' | 'receiver'): Socket | undefined {
  const tuple = tupleAt(flow, end);
  const [own, other] = end === 'sender' ? [tuple.sender, tuple.receiver] : [tuple.receiver, tuple.sender];
  const here = reading.sockets.filter(({ local }) => (flow.protocol === 'tcp' ? sameEndpoint(local, own) : answersFor(local, own)));
  const connected = here.find(({ peer }) => peer !== undefined && sameEndpoint(peer, other));
  return connected ?? (flow.protocol === 'udp' ? here.find(({ peer }) => peer === undefined) : undefined);
}

/** How much a counter of a socket grew. A socket that is only in the later reading was made in between and began at 0. */
export function grown(before: Socket | undefined, after: Socket | undefined, name: string): number | undefined {
  const to = after?.row.counters.get(name);
  const from = before === undefined ? 0 : before.row.counters.get(name);
  if (to === undefined || from === undefined) return undefined;
  const change = changeOf(from, to);
  return change.kind === 'reset' ? undefined : change.delta;
}

function joinTcp(a: ReadingPair, b: ReadingPair): readonly SeenFlow[] {
  const there = index(b[1].sockets);
  const before = { a: index(a[0].sockets), b: index(b[0].sockets) };
  return a[1].sockets.flatMap((socket): readonly SeenFlow[] => {
    if (socket.peer === undefined) return [];
    const other = there.get(key(socket.peer, socket.local));
    if (other === undefined) return [];
    const toB = grown(before.b.get(key(socket.peer, socket.local)), other, 'bytes_received') ?? 0;
    const toA = grown(before.a.get(key(socket.local, socket.peer)), socket, 'bytes_received') ?? 0;
    const [heldAtA, heldAtB] = [waitingBetween(socket, other), waitingBetween(other, socket)];
    // Where nothing arrives at all, what waits to be sent tells the direction.
    const aSends = toA === toB ? heldAtA >= heldAtB : toB > toA;
    const [sender, receiver] = aSends ? [socket.local, socket.peer] : [socket.peer, socket.local];
    return [{ flow: { protocol: 'tcp', sender, receiver }, sender: aSends ? 'a' : 'b', moved: Math.max(toA, toB), waiting: aSends ? heldAtA : heldAtB }];
  });
}

function joinUdp(from: ReadingPair, to: ReadingPair, addresses: readonly string[], sender: 'a' | 'b'): readonly SeenFlow[] {
  return from[1].sockets.flatMap(({ local, peer }): readonly SeenFlow[] => {
    if (peer === undefined || !addresses.includes(peer.address)) return [];
    const flow: Flow = { protocol: 'udp', sender: local, receiver: peer };
    const receiver = socketOf(to[1], flow, 'receiver');
    return receiver === undefined ? [] : [{ flow, sender, moved: 0, waiting: receiver.row.gauges.get('recv_q') ?? 0 }];
  });
}

/** Bytes in the sender's queue and in the receiver's. */
function waitingBetween(from: Socket, to: Socket): number {
  return (from.row.gauges.get('send_q') ?? 0) + (to.row.gauges.get('recv_q') ?? 0);
}

function answersFor(bound: Endpoint, wanted: Endpoint): boolean {
  return bound.port === wanted.port && (bound.address === wanted.address || bound.address === '::' || bound.address === '0.0.0.0');
}

function index(sockets: readonly Socket[]): ReadonlyMap<string, Socket> {
  return new Map(sockets.flatMap((socket) => (socket.peer === undefined ? [] : [[key(socket.local, socket.peer), socket] as const])));
}

const key = (local: Endpoint, peer: Endpoint): string => `${local.address} ${local.port} ${peer.address} ${peer.port}`;
