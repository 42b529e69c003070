import type { Finding } from '../diagnosis/types.js';
import type { Layer } from '../layers.js';
import type { RowWindow } from '../observe/window.js';
import type { End, EndFinding, EndLook } from './types.js';
import type { Flow } from './flow.js';

/** Findings of one host that may be where the packets of the flow went, and how many packets they lost in all. */
export interface Suspects {
  readonly findings: readonly EndFinding[];
  readonly packets: number;
  /** Packets that no finding names: IP received and did not deliver, or was given and did not transmit. */
  readonly unnamed: boolean;
}

/** Layers that a packet passes between the wire and the socket, or the socket and the wire. */
const UNDER_SOCKET: ReadonlySet<Layer> = new Set<Layer>(['netfilter', 'network', 'neighbour', 'link', 'softnet', 'nic']);

/** Causes that take packets which are not of an existing flow between two programs. */
const OTHER_PACKETS: ReadonlySet<string> = new Set([
  'arp-ignored', 'ip-otherhost', 'ip-unknown-proto', 'multicast-not-joined', 'nf-arp-drop', 'unknown-ethertype', 'vlan-unknown',
]);

/** What loses packets of the flow on their way out of the sender's host (`tx`) or into the receiver's socket (`rx`). */
export function suspectsOnTheWay(look: EndLook, end: End, direction: 'tx' | 'rx', flow: Flow): Suspects {
  const findings = lossesOf(look, end, ({ layer, cause, direction: way }) => {
    const passes = way === direction || way === 'both';
    const ofSocket = flow.protocol === 'udp' && direction === 'tx' && cause === 'udp-sndbuf-errors';
    return passes && (ofSocket || (UNDER_SOCKET.has(layer) && !OTHER_PACKETS.has(cause)));
  });
  const named = findings.reduce((sum, { finding }) => sum + packetsOf(look, finding), 0);
  if (findings.length > 0) return { findings, packets: named, unnamed: false };
  // A queue that manages latency loses packets on purpose, which is harmless for a host, and still where they went.
  const managed = look.diagnosis.findings.filter(
    (finding) => direction === 'tx' && finding.severity === 'harmless' && finding.subject.kind === 'qdisc' && isOnTheWay(look, finding) && dropsOf(finding) > 0,
  );
  if (managed.length > 0) {
    return { findings: managed.map((finding) => ({ end, finding })), packets: managed.reduce((sum, finding) => sum + dropsOf(finding), 0), unnamed: false };
  }
  const isV6 = flow.receiver.address.includes(':');
  const packets = direction === 'rx' ? undelivered(look, isV6) : untransmitted(look, isV6);
  return { findings: [], packets, unnamed: packets > 0 };
}

/** What throws away data that has reached the socket. */
export function suspectsAtSocket(look: EndLook, flow: Flow): readonly EndFinding[] {
  return lossesOf(look, 'receiver', ({ layer, cause, direction }) => {
    const other = flow.protocol === 'tcp' ? 'udp-' : 'tcp-';
    return layer === 'transport' && (direction === 'rx' || direction === 'both') && !cause.startsWith(other) && !/^(icmp|packet-socket)-/.test(cause);
  });
}

function lossesOf(look: EndLook, end: End, matches: (finding: Finding) => boolean): readonly EndFinding[] {
  return look.diagnosis.findings
    .filter((finding) => finding.severity === 'loss' && matches(finding) && isOnTheWay(look, finding))
    .map((finding) => ({ end, finding }));
}

/** Whether a finding about an interface is about one that carries the flow: its own, or one underneath it. */
function isOnTheWay(look: EndLook, { subject }: Finding): boolean {
  if (subject.kind !== 'interface' && subject.kind !== 'qdisc') return true;
  const dev = look.readings[1].dev ?? look.readings[0].dev;
  if (dev === undefined) return true;
  const own = look.view.rows.get('qdisc')?.get(subject.name)?.labels.get('dev') ?? subject.name;
  return own === dev || masterOf(look.view.rows.get('interface')?.get(own)) === dev || dev.startsWith(`${own}.`);
}

const masterOf = (row: RowWindow | undefined): string | undefined => row?.labels.get('master');

function packetsOf(look: EndLook, finding: Finding): number {
  return Math.max(finding.rate * look.view.seconds, dropsOf(finding));
}

function dropsOf(finding: Finding): number {
  return Math.max(0, ...finding.evidence.filter(({ signal }) => signal.endsWith('.dropped')).map(({ delta }) => delta));
}

const IN_4 = [
  'Ip.InDelivers', 'Ip.ForwDatagrams', 'Ip.ReasmReqds', 'Ip.InHdrErrors', 'Ip.InAddrErrors', 'Ip.InDiscards',
  'Ip.InUnknownProtos', 'IpExt.InNoRoutes', 'IpExt.InTruncatedPkts', 'TcpExt.IPReversePathFilter',
];
const IN_6 = [
  'Ip6.InMcastPkts', 'Ip6.InDelivers', 'Ip6.OutForwDatagrams', 'Ip6.ReasmReqds', 'Ip6.InHdrErrors', 'Ip6.InAddrErrors', 'Ip6.InDiscards',
  'Ip6.InUnknownProtos', 'Ip6.InNoRoutes', 'Ip6.InTruncatedPkts', 'Ip6.InTooBigErrors',
];

/** Packets that IP received and neither delivered, passed on nor counted as lost (net/ipv4/ip_input.c): dropped by a hook. */
function undelivered(look: EndLook, isV6: boolean): number {
  return isV6 ? gap(look, 'Ip6.InReceives', IN_6) : gap(look, 'Ip.InReceives', IN_4);
}

/** Packets that programs sent and IP did not hand to a device; `OutTransmits` came with Linux 6.8 (net/ipv4/ip_output.c). */
function untransmitted(look: EndLook, isV6: boolean): number {
  const group = isV6 ? 'Ip6' : 'Ip';
  return look.view.counters.has(`${group}.OutTransmits`) ? gap(look, `${group}.OutRequests`, [`${group}.OutTransmits`]) : 0;
}

function gap({ view }: EndLook, from: string, without: readonly string[]): number {
  const delta = (name: string): number => view.counters.get(name)?.delta ?? 0;
  return Math.max(0, delta(from) - without.reduce((sum, name) => sum + delta(name), 0));
}
