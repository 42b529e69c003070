import { msg } from '../message.js';
import { suspectsOnTheWay, type Suspects } from './suspects.js';
import type { Flow } from './flow.js';
import type { Decision, End, EndLook } from './types.js';

/**
 * Where packets went that left one socket and did not reach the other. A host is named when it lost enough to account for at least half,
 * and the other did not; the path when neither lost any and both could be read. Anything else is not decided.
 */
export function placeOfMissing(
  lost: number,
  sender: EndLook,
  receiver: EndLook,
  flow: Flow,
): Decision {
  const out = suspectsOnTheWay(sender, 'sender', 'tx', flow);
  const into = suspectsOnTheWay(receiver, 'receiver', 'rx', flow);
  const segments = flow.protocol === 'udp' ? 1 : Math.max(segmentsPerPacket(sender), segmentsPerPacket(receiver));
  const [fromSender, fromReceiver] = [accountsFor(out, lost, segments), accountsFor(into, lost, segments)];
  if (fromSender && fromReceiver) {
    const [clearlySender, clearlyReceiver] = [isClearly(out, into, lost), isClearly(into, out, lost)];
    if (clearlySender) return atHost('sender', sender, out, lost);
    if (clearlyReceiver) return atHost('receiver', receiver, into, lost);
    const summary = msg('Both {0} and {1} lose packets, and the numbers do not tell which of them lost those of this flow ({2}).', sender.host, receiver.host, lost);
    return { verdict: 'unknown', place: 'unknown', summary, findings: [...out.findings, ...into.findings] };
  }
  if (fromSender) return atHost('sender', sender, out, lost);
  if (fromReceiver) return atHost('receiver', receiver, into, lost);
  const unread = [sender, receiver].find(({ diagnosis }) => diagnosis.notChecked.some(({ essential }) => essential));
  if (unread !== undefined) {
    const summary = msg('{0} packets of the flow are missing. Cannot tell where they were lost, because something that matters could not be read on {1}.', lost, unread.host);
    return { verdict: 'unknown', place: 'unknown', summary };
  }
  const some = out.packets + into.packets;
  if (some > 0 && (out.findings.length > 0 || into.findings.length > 0)) {
    const summary = msg('{0} packets of the flow are missing. The hosts lost some packets ({1}), but not as many: most were lost on the path between {2} and {3}.', lost, Math.round(some), sender.host, receiver.host);
    return { verdict: 'loss', place: 'path', summary, findings: [...out.findings, ...into.findings] };
  }
  const summary = msg('{0} packets of the flow left {1} and did not reach {2}, and no counter of either host accounts for them: they were lost on the path.', lost, sender.host, receiver.host);
  return { verdict: 'loss', place: 'path', summary };
}

/** Whether the drops are at least half of what was lost. A few packets that no counter names are found on any host. */
function accountsFor({ findings, packets }: Suspects, lost: number, segments: number): boolean {
  return packets >= (findings.length > 0 ? 1 : 2) && packets * segments * 2 >= lost;
}

/**
 * Inside a host one packet holds many segments (GSO, GRO), and is dropped and counted as one. IP counts packets, TCP counts
 * segments, those sent again apart (ip_local_out, __tcp_transmit_skb).
 */
function segmentsPerPacket({ view }: EndLook): number {
  const delta = (name: string): number => view.counters.get(name)?.delta ?? 0;
  const sent = delta('Tcp.OutSegs') + delta('Tcp.RetransSegs');
  return Math.max(1, sent / Math.max(1, delta('Ip.OutRequests') + delta('Ip6.OutRequests')));
}

/** Whether one host's drops account for the loss packet by packet, while the other's hardly do. */
function isClearly(one: Suspects, other: Suspects, lost: number): boolean {
  return one.packets * 2 >= lost && other.packets * 10 < lost;
}

function atHost(end: End, { host }: EndLook, { findings, unnamed }: Suspects, lost: number): Decision {
  const place = end === 'sender' ? 'sender-host' : 'receiver-host';
  const first = findings[0]?.finding;
  if (unnamed || first === undefined) {
    const summary =
      end === 'sender'
        ? msg('{0} packets of the flow are missing, and {1} did not transmit as many as its programs sent: they were dropped on this host before they reached a queue, as a firewall rule does.', lost, host)
        : msg('{0} packets of the flow are missing, and {1} received packets that it did not deliver: they were dropped on this host before the socket, as a firewall rule does.', lost, host);
    return { verdict: 'loss', place, summary };
  }
  const summary =
    end === 'sender'
      ? msg('{0} packets of the flow never left {1}: {2}', lost, host, first.summary)
      : msg('{0} packets of the flow came to {1} and did not reach the socket: {2}', lost, host, first.summary);
  return { verdict: 'loss', place, summary, findings };
}
