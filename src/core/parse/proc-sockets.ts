import { parseCount, parseHexCount } from '../count.js';
import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { decodeHexLocal, type LocalAddress } from './address.js';
import { KeyNumbers, lines, MAX_ROWS, note, noteEmpty, noteGarbled, noteUnknown, RowLimit, words } from './text.js';

/** One line of /proc/net/{tcp,udp}{,6}, decoded. */
interface Entry {
  readonly line: number;
  readonly local: LocalAddress;
  /** Two hexadecimal digits, as net/tcp_states.h numbers the states; UDP uses 07 (not connected) and 01. */
  readonly state: string;
  readonly txQueue: number | undefined;
  readonly rxQueue: number | undefined;
  readonly fields: readonly string[];
}

const LISTEN = '0A';
const SYN_RECV = '03';
const UDP_CONNECTED = '01';

function readEntries(text: string, facts: FactsBuilder): Entry[] {
  const entries: Entry[] = [];
  const limit = new RowLimit(facts, MAX_ROWS);
  let headers = 0;
  let any = false;
  for (const line of lines(text)) {
    any = true;
    const fields = words(line.text);
    if (fields[0] === 'sl') {
      headers += 1;
      continue;
    }
    const local = decodeHexLocal(fields[1] ?? '');
    const state = fields[3] ?? '';
    const queues = /^([0-9A-F]{8}):([0-9A-F]{8})$/i.exec(fields[4] ?? '');
    if (local === undefined || !/^[0-9A-F]{2}$/i.test(state) || !/^\d{1,10}:$/.test(fields[0] ?? '')) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.take()) break;
    if (!queues) noteGarbled(facts, line.number);
    entries.push({
      line: line.number,
      local,
      state: state.toUpperCase(),
      txQueue: level(queues?.[1]),
      rxQueue: level(queues?.[2]),
      fields,
    });
  }
  if (!any) noteEmpty(facts);
  else if (headers === 0) note(facts, msg('The header line is missing.'));
  return entries;
}

function level(hex: string | undefined): number | undefined {
  const value = hex === undefined ? undefined : parseHexCount(hex);
  return value === undefined ? undefined : Number(value);
}

/**
 * /proc/net/udp and udp6 (net/ipv4/udp.c, udp4_format_sock). Rows `udp`; `drops` counts datagrams refused by this
 * socket (2.6.27 and later), `recv_q` and `send_q` are bytes. Sockets that share an address are numbered, those that
 * ss lists as listening (not connected) first.
 */
export function parseProcUdp(text: string): Facts {
  const facts = new FactsBuilder();
  const keys = new KeyNumbers();
  const entries = readEntries(text, facts);
  const connected = entries.filter((entry) => entry.state === UDP_CONNECTED);
  const open = entries.filter((entry) => entry.state !== UDP_CONNECTED);
  for (const entry of [...open, ...connected]) {
    const row = facts.row('udp', keys.next(`udp ${entry.local.key}`));
    row.labels.set('local', entry.local.local);
    row.labels.set('address', entry.local.address);
    row.labels.set('port', entry.local.port);
    if (entry.rxQueue !== undefined) row.gauges.set('recv_q', entry.rxQueue);
    if (entry.txQueue !== undefined) row.gauges.set('send_q', entry.txQueue);
    const [uid, inode, drops] = [entry.fields[7], entry.fields[9], entry.fields[12]];
    for (const [label, value] of [['uid', uid], ['inode', inode]] as const) {
      if (value !== undefined && /^\d{1,20}$/.test(value)) row.labels.set(label, value);
      else noteGarbled(facts, entry.line);
    }
    if (drops === undefined) continue;
    const count = parseCount(drops);
    if (count === undefined) noteGarbled(facts, entry.line);
    else row.counters.set('drops', count);
  }
  return facts;
}

/**
 * /proc/net/tcp and tcp6, one after the other (net/ipv4/tcp_ipv4.c, get_tcp4_sock): for hosts without ss. A listener's
 * rx_queue is its current accept queue; the limit is not in this file, so there is no `send_q`. Half-open connections
 * (state 03) are counted by local port in rows `synrecv`.
 */
export function parseProcTcp(text: string): Facts {
  const facts = new FactsBuilder();
  const keys = new KeyNumbers();
  const halfOpen = new SynRecv(facts);
  for (const entry of readEntries(text, facts)) {
    if (entry.state === SYN_RECV) halfOpen.add(entry.local.port, 1);
    if (entry.state !== LISTEN) continue;
    const row = facts.row('listener', keys.next(`tcp ${entry.local.key}`));
    row.labels.set('local', entry.local.local);
    row.labels.set('address', entry.local.address);
    row.labels.set('port', entry.local.port);
    if (entry.rxQueue !== undefined) row.gauges.set('recv_q', entry.rxQueue);
  }
  halfOpen.finish();
  return facts;
}

/** Counts half-open connections: rows `synrecv` by local port, and the gauge `synrecv.count` of the host. */
export class SynRecv {
  #total = 0;

  constructor(private readonly facts: FactsBuilder) {}

  add(port: string, count: number): void {
    this.#total += count;
    const row = this.facts.row('synrecv', port);
    row.labels.set('port', port);
    row.gauges.set('count', (row.gauges.get('count') ?? 0) + count);
  }

  finish(): void {
    this.facts.gauges.set('synrecv.count', this.#total);
  }
}
