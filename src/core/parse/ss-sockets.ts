import { parseCount, type Count } from '../count.js';
import { FactsBuilder, type Facts, type MutableRow } from '../facts.js';
import { msg } from '../message.js';
import { ownerOf } from './ss-owner.js';
import { KeyNumbers, lines, MAX_NAME, MAX_ROWS, note, noteEmpty, noteGarbled, noteUnknown, putLevel, RowLimit, words } from './text.js';

/** `name:value` of the detail line that are levels, and the names of their gauges (misc/ss.c, tcp_stats_print). */
const LEVELS: ReadonlyMap<string, string> = new Map(
  ['notsent', 'unacked', 'lost', 'cwnd', 'mss', 'pmtu', 'rcvmss', 'rto', 'rtt', 'backoff', 'rcv_space', 'snd_wnd', 'minrtt', 'lastsnd', 'lastrcv'].map(
    (name) => [name, name],
  ),
);

/** `name:value` of the detail line that only grow. */
const COUNTERS: ReadonlySet<string> = new Set([
  'bytes_retrans',
  'bytes_acked',
  'bytes_sent',
  'bytes_received',
  'segs_out',
  'segs_in',
  'data_segs_out',
  'data_segs_in',
  'delivered',
  'rcv_ooopack',
  'dsack_dups',
]);

/** Parts of `skmem:(r0,rb131072,…)`: bytes, except `d`, which counts packets dropped at the socket. */
const MEMORY: ReadonlySet<string> = new Set(['r', 'rb', 't', 'tb', 'bl']);

/** A value that ss leaves out when it is 0: its word in the detail line, and the gauge or counter it becomes. */
interface Omitted {
  readonly word: string;
  readonly gauge?: string;
  readonly counter?: string;
}

/**
 * ss leaves out what is 0. A value may be taken as 0 only where another word proves that kernel and ss know it; the
 * key is that proof: mss stands for struct tcp_info itself, which ss lacks where it falls back to /proc; notsent came with data_segs in 4.6,
 * the limits with busy in 4.10, bytes_retrans and dsack_dups with bytes_sent in 4.19, and delivered in 4.18, later than the
 * segments and bytes of each direction (struct tcp_info).
 */
const ZEROS: ReadonlyMap<string, readonly Omitted[]> = new Map<string, readonly Omitted[]>([
  [
    'mss',
    [
      { word: 'unacked', gauge: 'unacked' },
      { word: 'lost', gauge: 'lost' },
      { word: 'backoff', gauge: 'backoff' },
      { word: 'lastsnd', gauge: 'lastsnd' },
      { word: 'lastrcv', gauge: 'lastrcv' },
      { word: 'retrans', gauge: 'retrans', counter: 'retrans_total' },
    ],
  ],
  ['data_segs_in', [{ word: 'notsent', gauge: 'notsent' }, { word: 'data_segs_out', counter: 'data_segs_out' }]],
  ['data_segs_out', [{ word: 'notsent', gauge: 'notsent' }, { word: 'data_segs_in', counter: 'data_segs_in' }]],
  [
    'delivered',
    [
      { word: 'data_segs_out', counter: 'data_segs_out' },
      { word: 'data_segs_in', counter: 'data_segs_in' },
      { word: 'bytes_acked', counter: 'bytes_acked' },
      { word: 'bytes_received', counter: 'bytes_received' },
      { word: 'notsent', gauge: 'notsent' },
    ],
  ],
  [
    'busy',
    [
      { word: 'rwnd_limited', gauge: 'rwnd_limited_pct', counter: 'rwnd_limited_ms' },
      { word: 'sndbuf_limited', gauge: 'sndbuf_limited_pct', counter: 'sndbuf_limited_ms' },
    ],
  ],
  [
    'bytes_sent',
    [
      { word: 'bytes_retrans', counter: 'bytes_retrans' },
      { word: 'dsack_dups', counter: 'dsack_dups' },
    ],
  ],
]);

/**
 * `ss -tnmoi state established` or `ss -tnp state established`, reduced by awk to sockets with a waiting queue:
 * Recv-Q Send-Q Local Peer [timer, process], each followed by indented detail. The last line tells how many sockets
 * were left out: gauge `sockets.left_out`. Rows `socket`, key `LOCAL PEER` as printed. Units: queues, buffers and
 * windows in bytes, rtt, minrtt, rto, lastsnd and lastrcv in milliseconds, `*_limited_pct` in percent of the time in which data was waiting.
 */
export function parseSsSockets(text: string): Facts {
  const facts = new FactsBuilder();
  const keys = new KeyNumbers();
  const limit = new RowLimit(facts, MAX_ROWS);
  let row: MutableRow | undefined;
  let any = false;
  let complete = false;
  /** Whether a socket's line was seen: detail belongs to it, also where that line itself is not shown. */
  let begun = false;

  for (const line of lines(text)) {
    any = true;
    if (line.text.startsWith('Recv-Q') || line.text.startsWith('State ')) continue;
    if (/^[ \t]/.test(line.text)) {
      if (row) readDetail(line.text, line.number, row, facts);
      else if (!begun) noteUnknown(facts, line.number);
      continue;
    }
    begun = true;
    const fields = words(line.text);
    if (fields[0] === 'droplens-left-out') {
      complete = true;
      row = undefined;
      putLevel(facts, facts.gauges, 'sockets.left_out', fields[1] ?? '', line.number);
      continue;
    }
    row = undefined;
    const [recvQ = '', sendQ = '', local = '', peer = ''] = fields;
    if (!isEndpoint(local) || !isEndpoint(peer)) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.take()) continue;
    row = facts.row('socket', keys.next(`${local} ${peer}`));
    row.labels.set('local', local);
    row.labels.set('peer', peer);
    putLevel(facts, row.gauges, 'recv_q', recvQ, line.number);
    putLevel(facts, row.gauges, 'send_q', sendQ, line.number);
    readDetail(line.text, line.number, row, facts);
  }
  if (!any) noteEmpty(facts);
  else if (!complete) note(facts, msg('The list of sockets is cut off.'));
  return facts;
}

function isEndpoint(text: string): boolean {
  return text.length <= MAX_NAME && /^[^:].*:(?:\d{1,5}|\*)$|^::.*:\d{1,5}$/.test(text);
}

function readDetail(text: string, line: number, row: MutableRow, facts: FactsBuilder): void {
  const owner = ownerOf(text);
  if (owner) {
    row.labels.set('process', owner.process);
    row.labels.set('pid', owner.pid);
  }
  const users = text.indexOf('users:((');
  const seen = new Set<string>();
  for (const word of words(users < 0 ? text : text.slice(0, users))) {
    const colon = word.indexOf(':');
    const name = word.slice(0, Math.max(colon, 0));
    const value = word.slice(colon + 1);
    seen.add(name);
    const gauge = LEVELS.get(name);
    if (gauge !== undefined) setLevel(gauge, value.split('/', 1)[0] ?? '');
    else if (COUNTERS.has(name)) setCounter(name, parseCount(value));
    else if (name === 'skmem') readMemory(value);
    else if (name === 'retrans') readRetrans(value);
    else if (name === 'timer') readTimer(value);
    else if (name === 'rwnd_limited' || name === 'sndbuf_limited') {
      setLevel(`${name}_pct`, /\((\d{1,3}(?:\.\d{1,6})?)%\)$/.exec(value)?.[1] ?? '');
      setCounter(`${name}_ms`, parseCount(/^(\d{1,18})ms/.exec(value)?.[1] ?? ''));
    }
  }
  for (const [proof, omitted] of ZEROS) {
    if (!seen.has(proof)) continue;
    for (const { word, gauge, counter } of omitted) {
      if (seen.has(word)) continue;
      if (gauge !== undefined) row.gauges.set(gauge, 0);
      if (counter !== undefined) row.counters.set(counter, 0);
    }
  }

  function setLevel(name: string, value: string): void {
    putLevel(facts, row.gauges, name, value, line);
  }

  function setCounter(name: string, value: Count | undefined): void {
    if (value === undefined) noteGarbled(facts, line);
    else row.counters.set(name, value);
  }

  function readTimer(value: string): void {
    const kind = /^\((\w{1,16}),/.exec(value)?.[1];
    if (kind === undefined) noteGarbled(facts, line);
    else row.labels.set('timer', kind);
  }

  /** `retrans:NOW/TOTAL`. */
  function readRetrans(value: string): void {
    const [outstanding = '', total = ''] = value.split('/');
    setLevel('retrans', outstanding);
    setCounter('retrans_total', parseCount(total));
  }

  function readMemory(value: string): void {
    for (const part of value.replace(/^\(/, '').replace(/\)$/, '').split(',')) {
      const [, name = '', amount = ''] = /^([a-z]{1,3})(\d{1,20})$/.exec(part) ?? [];
      if (name === '') noteGarbled(facts, line);
      else if (name === 'd') setCounter('drops', parseCount(amount));
      else if (MEMORY.has(name)) setLevel(`skmem_${name}`, amount);
    }
  }
}
