import type { Place } from '../../../src/core/bothEnds/types.js';
import type { Flow, Tuple } from '../../../src/core/bothEnds/flow.js';
import type { End, Host, Lab, Routed } from '../lab.js';

/** A flow from the first host to the third, and what is to go through it. */
export interface FlowScene {
  readonly sender: Host;
  readonly receiver: Host;
  readonly flow: Flow;
  /** Traffic inside the watched window. Ends by itself, well before the window does. */
  load(): Promise<unknown>;
}

/** A flow between two hosts with a router between them, and where it must be said to lose. */
export interface FlowCase {
  readonly id: string;
  readonly title: string;
  readonly place: Place;
  readonly verdict: 'loss' | 'clean' | 'unknown';
  /** A cause that must be named as the explanation. */
  readonly cause?: string;
  readonly seconds?: number;
  setUp(lab: Lab): Promise<FlowScene>;
}

/** Three hosts in a row and a TCP connection from the first to the last. */
export interface TcpScene extends Routed {
  readonly flow: Flow;
  /** The sockets at both ends. */
  readonly from: number;
  readonly to: number;
}

/** A TCP connection whose receiver does not read yet. */
export async function tcp(lab: Lab): Promise<TcpScene> {
  const routed = await lab.routed();
  const { near, far } = routed;
  const { socket: listener, port } = await far.host.agent().listen(8);
  const from = await near.host.agent().connected({ address: far.address, port });
  const [to] = await far.host.agent().accept(listener);
  if (to === undefined) throw new Error('Nothing was accepted');
  return { ...routed, from, to, flow: { protocol: 'tcp', ...(await tupleSeenBy(near, port)) } };
}

/** The one TCP connection with this port at its other end, as its sender sees it. */
async function tupleSeenBy(near: End, port: number): Promise<Tuple> {
  const listed = await near.host.run('ss', '-tn', 'state', 'established', `( dport = :${port} )`);
  const [, sender, senderPort, receiver] = /(\d+\.[\d.]+):(\d+)\s+(\d+\.[\d.]+):\d+/.exec(listed) ?? [];
  if (sender === undefined || receiver === undefined) throw new Error(`There is no connection to port ${port}: ${listed}`);
  return { sender: { address: sender, port: Number(senderPort) }, receiver: { address: receiver, port } };
}

export interface UdpScene extends Routed {
  readonly flow: Flow;
  readonly from: number;
  readonly to: number;
  /** Sends datagrams from the first host to the last. */
  send(count: number, size?: number, interval?: number): Promise<unknown>;
}

/** A UDP socket on the last host, and one on the first that is connected to it. */
export async function udp(lab: Lab, receiveBuffer?: number): Promise<UdpScene> {
  const routed = await lab.routed();
  const { near, far } = routed;
  const { socket: to, port } = await far.host.agent().udp({
    bind: far.address,
    ...(receiveBuffer === undefined ? {} : { opts: [['SOL_SOCKET', 'SO_RCVBUF', receiveBuffer]] }),
  });
  const peer = { address: far.address, port };
  const { socket: from, port: own } = await near.host.agent().udp({ bind: near.address, peer });
  return {
    ...routed,
    from,
    to,
    flow: { protocol: 'udp', sender: { address: near.address, port: own }, receiver: peer },
    send: (count, size = 500, interval = 0.005) => near.host.agent().sendTo(from, peer, { count, size, interval }),
  };
}

/** A filter that drops a share of what passes one hook: all at 100. */
export function drops(hook: 'input' | 'output' | 'forward', match: string, percent: number): string {
  const share = percent >= 100 ? '' : `numgen random mod 100 < ${percent} `;
  return `table ip wire { chain f { type filter hook ${hook} priority 0; ${match} ${share}counter drop; }; }`;
}
