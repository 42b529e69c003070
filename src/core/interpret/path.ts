import { msg } from '../message.js';
import { lines, words } from '../parse/text.js';
import { brief, fieldLines, refused, TableBuilder, toNumber, unknown } from './support.js';
import type { Interpreter, Mark } from './types.js';

/** `ping`: iputils or busybox; the statistics at the end count. */
export const interpretPing: Interpreter = ({ output }) => {
  let sent: number | undefined;
  let received: number | undefined;
  let duplicates = 0;
  let errors = 0;
  let times: readonly string[] | undefined;
  let complaint: string | undefined;
  for (const { text } of lines(output)) {
    const line = text.slice(0, 500);
    const counts = /^(\d{1,9}) packets transmitted, (\d{1,9}) (?:packets )?received/.exec(line);
    if (counts) {
      sent = Number(counts[1]);
      received = Number(counts[2]);
      duplicates = Number(/\+?(\d{1,9}) duplicates/.exec(line)?.[1] ?? 0);
      errors = Number(/\+(\d{1,9}) errors/.exec(line)?.[1] ?? 0);
    }
    // iputils: min/avg/max/mdev; busybox: min/avg/max.
    times = /^(?:rtt|round-trip) min\/avg\/max(?:\/mdev|\/stddev)? = ([\d./]{1,80})/.exec(line)?.[1]?.split('/') ?? times;
    complaint ??= /^From \S{1,100} icmp_seq=\d+ (.{1,100})$/.exec(line)?.[1] ?? /^ping6?: (.{1,200})$/.exec(line)?.[1];
  }
  if (sent === undefined || received === undefined || sent === 0) {
    if (refused(output)) return unknown(msg('Cannot tell, because ping may not open its socket: it needs root or net.ipv4.ping_group_range.'));
    return complaint === undefined
      ? unknown(msg('Cannot tell, because ping printed no statistics.'))
      : unknown(msg('Cannot tell, because ping failed: {0}', complaint));
  }
  const lost = Math.max(sent - received, 0);
  const share = brief((lost / sent) * 100);
  const table = new TableBuilder(msg('Ping'), [msg('What'), msg('Value')]);
  table.add('sent', [msg('Sent'), String(sent)]);
  table.add('received', [msg('Answered'), String(received)]);
  table.add('lost', [msg('Lost'), `${lost} (${share} %)`], lost > 0 ? 'loss' : null);
  if (duplicates > 0) table.add('duplicates', [msg('Duplicates'), String(duplicates)], 'risk');
  if (errors > 0) table.add('errors', [msg('ICMP errors'), String(errors)], 'risk');
  if (times && times.length >= 3) {
    table.add('rtt', [msg('Round trip: least, average, most (ms)'), times.slice(0, 3).join(' / ')]);
    if (times[3] !== undefined) table.add('mdev', [msg('Deviation (ms)'), times[3]]);
  }
  const tables = [table.build()];
  if (received === 0) {
    return {
      verdict: 'loss',
      sentence: complaint === undefined
        ? msg('None of {0} pings was answered: the path is broken, or ICMP is filtered. Try TCP to a port.', sent)
        : msg('None of {0} pings was answered; a router said: {1}.', sent, complaint),
      tables,
    };
  }
  const rtt = times?.[1] ?? '?';
  if (lost === 1) return { verdict: 'risk', sentence: msg('1 of {0} pings was lost. One is no proof: repeat it. Round trip {1} ms on average.', sent, rtt), tables };
  if (lost > 0) return { verdict: 'loss', sentence: msg('{0} of {1} pings were lost ({2} %). Round trip {3} ms on average.', lost, sent, share, rtt), tables };
  if (duplicates > 0) return { verdict: 'risk', sentence: msg('No ping was lost, but {0} came back twice: a loop, or two hosts with one address.', duplicates), tables };
  return { verdict: 'ok', sentence: msg('All {0} pings were answered. Round trip {1} ms on average.', sent, rtt), tables };
};

interface Hop {
  readonly number: number;
  readonly host: string;
  readonly loss: number;
  readonly sent: number;
  readonly average: string;
  /** A hop that never answers prints `???`; it says nothing about the hops behind it. */
  readonly silent: boolean;
}

function hops(output: string): readonly Hop[] {
  const found: Hop[] = [];
  for (const { text } of lines(output)) {
    const line = text.slice(0, 1_000);
    const head = /^ {0,8}(\d{1,3})\. ?(?:AS\S{1,12} {1,12})?\|--/.exec(line);
    if (!head) continue;
    const fields = words(line.slice(head[0].length));
    // The host may be `name (address)`; the columns behind it are Loss% Snt Last Avg Best Wrst StDev.
    const at = fields.findIndex((field, index) => index > 0 && /^\d{1,3}(?:\.\d{1,3})?%?$/.test(field) && toNumber(fields[index + 1]) !== undefined);
    const loss = toNumber(fields[at]?.replace('%', ''));
    const sent = toNumber(fields[at + 1]);
    if (at < 1 || loss === undefined || sent === undefined) continue;
    const host = fields.slice(0, at).join(' ');
    found.push({ number: Number(head[1]), host, loss, sent, average: fields[at + 3] ?? '?', silent: host === '???' });
  }
  return found;
}

/**
 * `mtr`: report mode. Loss counts only where it stays until the last hop: answers of later hops passed through the
 * earlier ones, so loss at a hop alone is that router's limit on ICMP.
 */
export const interpretMtr: Interpreter = ({ output }) => {
  const all = hops(output);
  const last = all.at(-1);
  if (!last) {
    if (refused(output)) return unknown(msg('Cannot tell, because mtr may not open its sockets: it needs root or mtr-packet with its capability.'));
    const why = /^mtr(?:-packet)?: (.{1,200})$/m.exec(output.slice(0, 5_000))?.[1];
    return why === undefined ? unknown(msg('Cannot tell, because mtr printed no hops.')) : unknown(msg('Cannot tell, because mtr failed: {0}', why));
  }
  // Walks back from the last hop over those that lose, and over silent ones between them.
  let start = all.length;
  for (let index = all.length - 1; index >= 0; index -= 1) {
    const hop = all[index];
    if (hop === undefined || (!hop.silent && hop.loss === 0)) break;
    if (!hop.silent) start = index;
  }
  const persists = !last.silent && last.loss > 0;
  const table = new TableBuilder(msg('Hops'), [msg('Hop'), msg('Host'), msg('Loss %'), msg('Sent'), msg('Average, ms'), msg('Meaning')]);
  let limited = 0;
  for (const [index, hop] of all.entries()) {
    let mark: Mark | null = null;
    if (hop.silent) table.add(String(hop.number), [String(hop.number), hop.host, '', String(hop.sent), '', msg('does not answer; says nothing')], null);
    else {
      if (hop.loss > 0) mark = persists && index >= start ? 'loss' : last.silent ? 'unknown' : 'harmless';
      if (mark === 'harmless') limited += 1;
      const meaning = mark === 'loss' ? msg('stays until the last hop') : mark === 'harmless' ? msg('limits its answers; later hops do not lose') : mark === 'unknown' ? msg('cannot be told: the last hop does not answer') : '';
      table.add(String(hop.number), [String(hop.number), hop.host, brief(hop.loss), String(hop.sent), hop.average, meaning], mark);
    }
  }
  const tables = [table.build()];
  if (last.silent || last.loss >= 100) {
    return unknown(msg('Cannot tell, because the last hop never answered: it filters these probes, or the path ends before it. Try TCP to a port that is open.'), tables);
  }
  if (!persists) {
    return limited > 0
      ? { verdict: 'harmless', sentence: msg('No loss at the last hop. {0} hops before it answered rarely, which is their limit for ICMP and no loss.', limited), tables }
      : { verdict: 'ok', sentence: msg('No loss on the path to {0}.', last.host), tables };
  }
  const from = all[start] ?? last;
  const lost = Math.round((last.loss / 100) * last.sent);
  if (lost <= 1) return { verdict: 'risk', sentence: msg('{0} of {1} probes to the last hop was lost. One is no proof: repeat it.', lost, last.sent), tables };
  if (from.number === last.number) {
    return {
      verdict: 'loss',
      sentence: msg('{0} % loss at the last hop only ({1}): that host, its firewall, or its limit for ICMP. Ask again with TCP.', brief(last.loss), last.host),
      tables,
    };
  }
  return {
    verdict: 'loss',
    sentence: msg('{0} % loss reaches the last hop. It begins at hop {1} ({2}) and stays: look there, or on the link before it.', brief(last.loss), from.number, from.host),
    tables,
  };
};

/**
 * `path-mtu`: lines `interface NAME MTU`, `probe SIZE passed|failed HINT|-`, `largest-passed N`, `smallest-failed N`;
 * or `unsupported`, `unreachable`. HINT is the MTU that a router, or the kernel's cache of its answer, announced.
 */
export const interpretPathMtu: Interpreter = ({ output, exit }) => {
  const table = new TableBuilder(msg('Pings with DF'), [msg('Size with headers'), msg('Result'), msg('Announced MTU')]);
  let device: { readonly name: string; readonly mtu: number } | undefined;
  let passed: number | undefined;
  let failed: number | undefined;
  let hint: number | undefined;
  let unsteady = false;
  let state: 'running' | 'unsupported' | 'unreachable' = 'running';
  for (const [word, first = '', second, third] of fieldLines(output)) {
    const value = toNumber(first);
    const mtu = toNumber(second);
    if (word === 'unsupported' || word === 'unreachable') state = word;
    else if (word === 'unsteady') unsteady = true;
    else if (word === 'interface' && mtu !== undefined) device = { name: first, mtu };
    else if (word === 'largest-passed') passed = value;
    else if (word === 'smallest-failed') failed = value;
    else if (word === 'probe' && value !== undefined && (second === 'passed' || second === 'failed')) {
      hint = toNumber(third) ?? hint;
      table.add(first, [first, second === 'passed' ? msg('passed') : msg('did not pass'), third === undefined || third === '-' ? '' : third], null);
    }
  }
  const tables = table.size === 0 ? [] : [table.build()];
  if (state === 'unsupported') return unknown(msg('Cannot tell, because the ping of this host cannot set DF; install iputils.'));
  if (state === 'unreachable') return unknown(msg('Cannot tell, because the host does not answer even a small ping.'));
  if (exit === null && passed === undefined) return unknown(msg('Cannot tell, because the search was ended before it was done.'), tables);
  if (device === undefined || passed === undefined || failed === undefined) return unknown(msg('Cannot tell, because the search printed no result.'), tables);
  if (unsteady) return unknown(msg('Cannot tell, because a size that had failed passed later: the path loses packets of any size.'), tables);
  if (passed === 0) return unknown(msg('Cannot tell, because the host answers small pings only: it may ignore larger ones. Try another host.'), tables);
  // A ping cannot be larger than 65535 bytes, whatever the interface allows.
  if (passed >= Math.min(device.mtu, 65_535)) {
    return { verdict: 'ok', sentence: msg('Packets as large as the MTU of {0} ({1}) pass.', device.name, device.mtu), tables };
  }
  if (hint !== undefined) {
    return {
      verdict: 'ok',
      sentence: msg('The path MTU is {0}, smaller than {1} of {2}. A router says so, so path-MTU discovery works.', passed, device.mtu, device.name),
      tables,
    };
  }
  return {
    verdict: 'risk',
    sentence: msg('Packets of {0} bytes pass and of {1} vanish without an answer (interface {2}: {3}): a path-MTU black hole, or a host that ignores large pings.', passed, failed, device.name, device.mtu),
    tables,
  };
};
