import { changeOf, parseCount } from '../count.js';
import { msg, type Message } from '../message.js';
import { lines, words } from '../parse/text.js';
import { fieldLines, readings, TableBuilder, toNumber, unknown } from './support.js';
import type { Interpreter, Mark } from './types.js';

interface Reason {
  readonly mark: Mark;
  readonly text: Message;
}

/** What it means that a counter of an interface moves (include/uapi/linux/if_link.h), the most telling first. */
const REASONS: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  ['rx_missed_errors', { mark: 'loss', text: msg('the ring of the NIC was full') }],
  ['rx_fifo_errors', { mark: 'loss', text: msg('the NIC’s buffer was full, as this driver counts it') }],
  ['rx_over_errors', { mark: 'loss', text: msg('frames were too long, or the buffer was full') }],
  ['rx_crc_errors', { mark: 'loss', text: msg('damaged frames: cable, optics or port') }],
  ['rx_frame_errors', { mark: 'loss', text: msg('damaged frames: cable, optics or port') }],
  ['rx_length_errors', { mark: 'loss', text: msg('wrong length: compare the MTU on both ends') }],
  ['tx_carrier_errors', { mark: 'loss', text: msg('the link was gone while sending') }],
  ['tx_fifo_errors', { mark: 'loss', text: msg('the NIC ran dry while sending') }],
  ['tx_aborted_errors', { mark: 'loss', text: msg('sending was given up, often a duplex mismatch') }],
  ['tx_dropped', { mark: 'loss', text: msg('the device refused packets: no carrier, tunnel or veth peer; never a configured qdisc') }],
  ['rx_errors', { mark: 'loss', text: msg('sum of the receive errors') }],
  ['tx_errors', { mark: 'loss', text: msg('sum of the transmit errors') }],
  ['rx_dropped', { mark: 'risk', text: msg('the kernel threw frames away; mostly protocols that nobody here speaks, which is harmless') }],
  ['collisions', { mark: 'risk', text: msg('half duplex') }],
  ['rx_nohandler', { mark: 'harmless', text: msg('arrived on an inactive port of a bond') }],
  ['otherhost', { mark: 'harmless', text: msg('frames for another MAC address or an unknown VLAN') }],
]);

/** `ip-link-deltas`: lines `INTERFACE COUNTER BEFORE AFTER`. */
export const interpretIpLinkDeltas: Interpreter = ({ output }) => {
  const table = new TableBuilder(msg('What moved while watching'), [msg('Interface'), msg('Counter'), msg('Increase'), msg('Meaning')]);
  const order = [...REASONS.keys()];
  let any = false;
  let gravest: { readonly name: string; readonly counter: string; readonly delta: number; readonly reason: Reason } | undefined;
  for (const [name = '', counter = '', beforeText = '', afterText = '', ...rest] of fieldLines(output)) {
    const before = parseCount(beforeText);
    const after = parseCount(afterText);
    const reason = REASONS.get(counter);
    if (rest.length > 0 || before === undefined || after === undefined || reason === undefined) continue;
    any = true;
    const change = changeOf(before, after);
    if (change.kind === 'reset' || change.delta === 0) continue;
    table.add(`${name} ${counter}`, [name, counter, String(change.delta), reason.text], reason.mark);
    if (gravest === undefined || order.indexOf(counter) < order.indexOf(gravest.counter)) gravest = { name, counter, delta: change.delta, reason };
  }
  if (!any) return unknown(msg('Cannot tell, because the counters of the interfaces could not be read twice.'));
  if (!gravest) return { verdict: 'ok', sentence: msg('No interface lost a frame while watching.'), tables: [] };
  const tables = [table.build('worst-first')];
  const { name, counter, delta } = gravest;
  if (gravest.reason.mark === 'loss') return { verdict: 'loss', sentence: msg('{0} loses frames now: {1} rose by {2}.', name, counter, delta), tables };
  if (counter === 'rx_dropped') {
    return { verdict: 'risk', sentence: msg('{0}: rx_dropped rose by {1}. Mostly harmless: unknown protocols. It is loss if softnet dropped rises too.', name, delta), tables };
  }
  return { verdict: gravest.reason.mark, sentence: msg('{0}: {1} rose by {2}; no loss by itself.', name, counter, delta), tables };
};

/** Columns of `ip -s -s link` that count what did not get through. */
const LOSS_COLUMNS: ReadonlySet<string> = new Set([
  'errors', 'dropped', 'missed', 'overrun', 'length', 'crc', 'frame', 'fifo', 'otherhost', 'nohandler', 'carrier', 'collsns', 'aborted', 'window', 'heartbt',
]);

/**
 * `ip-link`: `ip -s -s link`, totals since boot: lines `RX: COLUMNS`, `RX errors: COLUMNS`, `TX: …`, each followed by
 * its values (iproute2 ip/ipaddress.c, print_link_stats64). Never an alarm.
 */
export const interpretIpLink: Interpreter = ({ output }) => {
  const table = new TableBuilder(msg('Since boot'), [msg('Interface'), msg('Counter'), msg('Total')]);
  let name: string | undefined;
  let columns: { readonly side: string; readonly names: readonly string[] } | undefined;
  let any = false;
  for (const line of lines(output)) {
    const head = /^\d{1,9}: ([^ \t]{1,64}?)(?:@[^ \t]{1,64})?: </.exec(line.text);
    if (head) {
      name = head[1];
      columns = undefined;
      continue;
    }
    const fields = words(line.text);
    if (/^[ \t]+[RT]X(?: errors)?:/.test(line.text)) {
      columns = { side: fields[0]?.slice(0, 2) ?? '', names: fields.slice(fields[1] === 'errors:' ? 2 : 1) };
      continue;
    }
    if (columns && name !== undefined) {
      any = true;
      for (const [index, column] of columns.names.entries()) {
        const value = fields[index] ?? '';
        if (LOSS_COLUMNS.has(column) && value !== '0' && toNumber(value) !== undefined) {
          table.add(`${name} ${columns.side} ${column}`, [name, `${columns.side} ${column}`, value]);
        }
      }
      columns = undefined;
    }
  }
  if (!any) return unknown(msg('Cannot tell, because ip printed no statistics.'));
  if (table.size === 0) return { verdict: 'ok', sentence: msg('No interface has dropped a frame since boot.'), tables: [] };
  return {
    verdict: 'ok',
    sentence: msg('These are totals since boot; they prove nothing about now. Watch what moves.'),
    tables: [table.build()],
  };
};

/** Reads blocks `Settings for NAME:` with indented `KEY: VALUE`. */
function settings(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const found = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of lines(text)) {
    const name = /^Settings for (.{1,64}):$/.exec(line.text.trimEnd())?.[1];
    if (name !== undefined) {
      current = new Map();
      found.set(name, current);
      continue;
    }
    const [, key, value] = /^[ \t]+([A-Za-z][A-Za-z -]{0,40}): *(.{0,200})$/.exec(line.text.trimEnd()) ?? [];
    if (key !== undefined && value !== undefined) current?.set(key.toLowerCase(), value);
  }
  return found;
}

/** Words of a link that are counters, and what their rise means. */
const LINK_COUNTERS: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  ['carrier-changes', { mark: 'loss', text: msg('the link went down or came up') }],
  ['crc-errors', { mark: 'loss', text: msg('damaged frames: cable, optics or port') }],
  ['frame-errors', { mark: 'loss', text: msg('damaged frames: cable, optics or port') }],
  ['carrier-errors', { mark: 'loss', text: msg('the link was gone while sending') }],
  ['collisions', { mark: 'risk', text: msg('half duplex') }],
]);

/** `ethtool-link`: `ethtool NAME`, or the same form made from sysfs, in one or two readings. */
export const interpretEthtoolLink: Interpreter = ({ output }) => {
  const [firstText, secondText] = readings(output);
  const first = settings(firstText);
  const last = secondText === undefined ? first : settings(secondText);
  const table = new TableBuilder(msg('Links'), [msg('Interface'), msg('Speed'), msg('Duplex'), msg('State'), msg('Remark')]);
  let half: string | undefined;
  let moved: { readonly name: string; readonly counter: string; readonly delta: number; readonly mark: Mark } | undefined;
  for (const [name, values] of last) {
    const speedText = values.get('speed') ?? '';
    const speed = /^\d{1,9}$/.test(speedText) ? `${speedText}Mb/s` : speedText === '-1' || speedText === '4294967295' || speedText === '' ? 'Unknown!' : speedText;
    const duplex = values.get('duplex') ?? '';
    const state = values.get('state') ?? values.get('link detected') ?? '';
    let mark: Mark | null = null;
    let remark: Message | '' = '';
    if (duplex.toLowerCase() === 'half') {
      mark = 'risk';
      remark = msg('half duplex: almost always a failed negotiation');
      half ??= name;
    }
    for (const [counter, reason] of LINK_COUNTERS) {
      const before = parseCount(first.get(name)?.get(counter) ?? '');
      const after = parseCount(values.get(counter) ?? '');
      if (secondText === undefined || before === undefined || after === undefined) continue;
      const change = changeOf(before, after);
      if (change.kind === 'reset' || change.delta === 0) continue;
      mark = mark === 'loss' ? mark : reason.mark;
      remark = reason.text;
      if (moved === undefined || (moved.mark !== 'loss' && reason.mark === 'loss')) moved = { name, counter, delta: change.delta, mark: reason.mark };
    }
    table.add(name, [name, speed, duplex, state, remark], mark);
  }
  if (table.size === 0) {
    return output.trim() === '' ? unknown(msg('Cannot tell, because no interface of this host has hardware that could be asked.')) : unknown(msg('Cannot tell, because the state of the links could not be read.'));
  }
  const tables = [table.build('worst-first')];
  if (moved) return { verdict: moved.mark, sentence: msg('{0}: {1} rose by {2} while watching.', moved.name, moved.counter, moved.delta), tables };
  if (half !== undefined) return { verdict: 'risk', sentence: msg('{0} runs at half duplex: set autonegotiation on both ends.', half), tables };
  return { verdict: 'ok', sentence: secondText === undefined ? msg('The links were read; none runs at half duplex.') : msg('No link flapped or damaged frames while watching; none runs at half duplex.'), tables };
};

/** Smallest MTU with which IPv6 works on an interface (RFC 8200). */
const IPV6_LEAST = 1280;

/** `mtu-list`: lines `INTERFACE MTU STATE` below a header. */
export const interpretMtuList: Interpreter = ({ output }) => {
  const table = new TableBuilder(msg('MTU'), [msg('Interface'), msg('MTU'), msg('State')]);
  const sizes = new Map<number, string>();
  let small: { readonly name: string; readonly mtu: number } | undefined;
  for (const [name = '', mtuText, state = '', ...rest] of fieldLines(output)) {
    const mtu = toNumber(mtuText);
    if (mtu === undefined || rest.length > 0) continue;
    const up = state !== 'down' && name !== 'lo';
    if (up && !sizes.has(mtu)) sizes.set(mtu, name);
    if (up && mtu < IPV6_LEAST) small ??= { name, mtu };
    table.add(name, [name, String(mtu), state], up && mtu < IPV6_LEAST ? 'risk' : null);
  }
  if (table.size === 0 || !output.includes('interface mtu state')) return unknown(msg('Cannot tell, because no MTU could be read.'));
  const tables = [table.build()];
  if (small) return { verdict: 'risk', sentence: msg('{0} has an MTU of {1}: too small for IPv6, which needs 1280.', small.name, small.mtu), tables };
  if (sizes.size > 1) {
    return {
      verdict: 'ok',
      sentence: msg('The interfaces have different MTUs ({0}). That is fine between routed networks, and wrong within one layer-2 segment.', [...sizes.keys()].slice(0, 8).join(', ')),
      tables,
    };
  }
  return { verdict: 'ok', sentence: msg('All interfaces that are up have the same MTU.'), tables };
};

/** Which queueing disciplines follow txqueuelen (net/sched/sch_generic.c, sch_fifo.c). */
function obeys(qdisc: string): Message {
  if (qdisc === 'pfifo_fast') return msg('obeys at once');
  if (qdisc === 'pfifo' || qdisc === 'bfifo' || qdisc === 'htb') return msg('reads it only when it is made');
  if (qdisc === 'noqueue' || qdisc === 'noop') return msg('has no queue');
  if (qdisc === 'mq' || qdisc === 'mqprio') return msg('its children decide: see tc');
  return msg('ignores it: it has a limit of its own');
}

/** `txqueuelen`: lines `INTERFACE QDISC LENGTH` below a header; or `before N`, `after N` of the command that sets it. */
export const interpretTxqueuelen: Interpreter = ({ output }) => {
  const table = new TableBuilder(msg('txqueuelen'), [msg('Interface'), msg('Qdisc'), msg('txqueuelen'), msg('What the qdisc makes of it')]);
  let before: number | undefined;
  let after: number | undefined;
  for (const [name = '', second = '', third, ...rest] of fieldLines(output)) {
    if (third === undefined) {
      if (name === 'before') before = toNumber(second);
      if (name === 'after') after = toNumber(second);
    } else if (rest.length === 0 && (toNumber(third) !== undefined || third === '-')) table.add(name, [name, second, third, obeys(second)]);
  }
  if (before !== undefined) {
    return after === undefined
      ? unknown(msg('Cannot tell, because txqueuelen was not changed; the output says why.'))
      : { verdict: 'ok', sentence: msg('txqueuelen was {0} and is {1}. To undo, set {2} again.', before, after, before), tables: [] };
  }
  if (table.size === 0 || !output.includes('interface qdisc txqueuelen')) return unknown(msg('Cannot tell, because ip printed no interface.'));
  return { verdict: 'ok', sentence: msg('Only pfifo_fast follows txqueuelen at once; the table says what each interface does.'), tables: [table.build()] };
};
