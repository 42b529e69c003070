import { msg } from '../message.js';
import { formatEndpoint, type Flow } from './flow.js';
import { delta, level, watchedSeconds, type SocketPair } from './numbers.js';
import { suspectsAtSocket, suspectsOnTheWay } from './suspects.js';
import type { Decision, EndLook } from './types.js';
import { placeOfMissing } from './weigh.js';

/** Fewer repeats than this are tail loss probes and chance, as long as nothing is known to be missing. */
const FEW = 3;

/** Share of the time from which on one says that a window was the limit. */
const HELD = 0.5;

/** What moved on a TCP connection, from both its sockets. */
interface Moved {
  /** Segments with data, repeats among them: what the sender's TCP sent, and what came to the receiver's socket (tcp_segs_in). */
  readonly sent: number;
  readonly arrived: number;
  readonly again: number;
  /** Repeats that the receiver called needless (DSACK). */
  readonly needless: number;
  readonly received: number;
  readonly acked: number;
}

/** Decides a TCP flow; `undefined` values mean a kernel that does not count per connection. */
export function judgeTcp(flow: Flow, sender: EndLook, receiver: EndLook, from: SocketPair, to: SocketPair): Decision {
  const stopped = notReading(receiver, from, to);
  if (stopped !== undefined) return stopped;
  const moved = movedOn(from, to);
  if (moved === undefined) {
    const summary = msg('Cannot tell: the kernel or ss of one of the hosts does not count segments per connection (Linux 4.6, iproute2 4.6).');
    return { verdict: 'unknown', place: 'unknown', summary };
  }
  if (moved.sent === 0 && level(from.after, 'send_q') === 0) {
    const summary = msg('Nothing was sent while I watched: the program on {0} wrote nothing to {1}.', sender.host, formatEndpoint(flow.receiver));
    return { verdict: 'clean', place: 'sender-application', summary };
  }
  const missing = Math.max(0, moved.sent - moved.arrived);
  const repeated = Math.max(0, moved.again - moved.needless);
  // The receiver is watched for longer: what came in that time may stand for as many that did not come.
  const spare = (moved.sent / Math.max(watchedSeconds(sender), 0.01)) * Math.max(0, watchedSeconds(receiver) - watchedSeconds(sender));
  const masked = repeated > missing && (missing > 0 || repeated >= FEW) && missing + spare >= repeated;
  const refused = atSocket(flow, receiver, to, missing, repeated, moved);
  if (refused !== undefined) return refused;
  if (missing > 0 || masked) return placeOfMissing(masked ? repeated : missing, sender, receiver, flow);
  if (repeated >= FEW && moved.acked * 2 < moved.received) return acknowledgementsLost(flow, sender, receiver, repeated);
  return nothingLost(sender, receiver, from, moved, repeated);
}

function movedOn(from: SocketPair, to: SocketPair): Moved | undefined {
  const [sent, again, acked] = [delta(from, 'data_segs_out'), delta(from, 'retrans_total'), delta(from, 'bytes_acked')];
  const [arrived, received] = [delta(to, 'data_segs_in'), delta(to, 'bytes_received')];
  if (sent === undefined || again === undefined || arrived === undefined || acked === undefined || received === undefined) return undefined;
  return { sent, again, arrived, acked, received, needless: delta(from, 'dsack_dups') ?? 0 };
}

/** What the program read: what arrived, less what waits more than before; `undefined` where the kernel does not count it. */
function readBy(to: SocketPair): number | undefined {
  const received = delta(to, 'bytes_received');
  return received === undefined ? undefined : received + level(to.before, 'recv_q') - level(to.after, 'recv_q');
}

/** Data waits at both ends, and the program read none of it, or less than was offered. */
function notReading(receiver: EndLook, from: SocketPair, to: SocketPair): Decision | undefined {
  const [waiting, held] = [level(to.after, 'recv_q'), level(from.after, 'send_q')];
  const isFull = level(to.after, 'skmem_r') >= level(to.after, 'skmem_rb') * 0.8;
  const probes = from.after.row.labels.get('timer') === 'persist';
  if (waiting === 0 || held === 0 || !(isFull || probes)) return undefined;
  const local = formatEndpoint(to.after.local);
  if (readBy(to) === 0) {
    const summary = msg('The program behind {0} on {1} read nothing: {2} bytes wait for it, and its full window stops the sender, where {3} more wait.', local, receiver.host, waiting, held);
    return { verdict: 'loss', place: 'receiver-application', summary };
  }
  return undefined;
}

/** The receiver's TCP threw away segments that had arrived. */
function atSocket(flow: Flow, receiver: EndLook, to: SocketPair, missing: number, repeated: number, { sent }: Moved): Decision | undefined {
  const refused = delta(to, 'drops') ?? 0;
  const findings = suspectsAtSocket(receiver, flow);
  const [first] = findings;
  if (first === undefined || refused === 0 || repeated === 0 || refused <= missing) return undefined;
  const summary = msg('{0} segments of {1} came to the socket on {2} and were thrown away there: {3}', refused, sent, receiver.host, first.finding.summary);
  return { verdict: 'loss', place: 'receiver-host', summary, findings };
}

/** All data arrived, and the sender was not told. */
function acknowledgementsLost(flow: Flow, sender: EndLook, receiver: EndLook, repeated: number): Decision {
  const away = suspectsOnTheWay(receiver, 'receiver', 'tx', flow);
  const back = suspectsOnTheWay(sender, 'sender', 'rx', flow);
  const [place, host, findings] =
    away.packets > 1 && back.packets <= 1
      ? (['receiver-host', receiver.host, away.findings] as const)
      : back.packets > 1 && away.packets <= 1
        ? (['sender-host', sender.host, back.findings] as const)
        : ([undefined, '', [...away.findings, ...back.findings]] as const);
  if (place !== undefined) {
    const summary = msg('All data arrived, but its acknowledgements are lost on {0}, so that {1} segments were sent again.', host, repeated);
    return { verdict: 'loss', place, summary, findings };
  }
  if (away.packets > 1) {
    const summary = msg('All data arrived, but its acknowledgements are lost. Both hosts lose packets in that direction, and the numbers do not tell which.');
    return { verdict: 'unknown', place: 'unknown', summary, findings };
  }
  const summary = msg('All data arrived, but its acknowledgements are lost on the path back to {0}, so that {1} segments were sent again.', sender.host, repeated);
  return { verdict: 'loss', place: 'path', summary };
}

function nothingLost(sender: EndLook, receiver: EndLook, from: SocketPair, moved: Moved, repeated: number): Decision {
  const seconds = watchedSeconds(sender);
  const held = (delta(from, 'rwnd_limited_ms') ?? 0) / 1000;
  if (held >= seconds * HELD && seconds > 0) {
    const summary = msg('Nothing was lost. The program on {0} reads more slowly than {1} could send: its window was the limit for {2} of {3} s.', receiver.host, sender.host, rounded(held), rounded(seconds));
    return { verdict: 'clean', place: 'receiver-application', summary };
  }
  if (moved.acked === 0 && level(from.after, 'send_q') > 0) {
    const summary = msg('{0} waits for an answer and sent nothing that was acknowledged in {1} s: watch longer than its retransmission timer, {2} ms.', sender.host, rounded(seconds), level(from.after, 'rto'));
    return { verdict: 'unknown', place: 'unknown', summary };
  }
  if (repeated > 0) {
    const summary = msg('Nothing is missing: {0} segments were sent again, and all that were sent ({1}) arrived.', repeated, moved.sent);
    return { verdict: 'clean', place: 'none', summary };
  }
  const summary = msg('Nothing was lost: all segments that {0} sent ({1}) arrived at {2}.', sender.host, moved.sent, receiver.host);
  return { verdict: 'clean', place: 'none', summary };
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
