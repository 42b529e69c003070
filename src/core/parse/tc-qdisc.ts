import { parseCount } from '../count.js';
import { FactsBuilder, type Facts, type MutableRow } from '../facts.js';
import { addTo, KeyNumbers, lines, MAX_NAME, MAX_ROWS, MAX_VALUES, noteGarbled, noteUnknown, putCount, RowLimit, words } from './text.js';

/** Words of the later lines that are levels, not counters (q_fq.c, q_fq_codel.c, q_codel.c, q_pie.c, q_cake.c). */
const LEVELS: ReadonlySet<string> = new Set([
  'flows',
  'inactive',
  'new_flows_len',
  'old_flows_len',
  'maxpacket',
  'maxq',
  'count',
  'lastcount',
  'sp_flows',
  'bk_flows',
  'un_flows',
  'max_len',
  'quantum',
  'avg_dq_rate',
]);

const SENT = /^ *Sent (\d+) bytes (\d+) pkts? \(dropped (\d+), overlimits (\d+) requeues (\d+)\)/;
const BACKLOG = /(?:^| )backlog (\S{1,24}) (\d{1,20})p(?: |$)/;

/**
 * `tc -s qdisc show`: a line `qdisc KIND HANDLE: dev DEV root|parent X:Y options`, then indented statistics
 * (iproute2 tc/tc_qdisc.c, tc/tc_util.c print_tcstats2_attr). Rows `qdisc`, key `DEV PARENT KIND HANDLE`. `dropped` is
 * what appears nowhere in `ip -s link`. `limit` is in the unit of the label `limit_unit` (packets or bytes).
 * Statistics that only some kinds have keep the words of tc: `flows_plimit`, `drop_overlimit` … A host without
 * queueing disciplines prints nothing.
 */
export function parseTcQdisc(text: string): Facts {
  const facts = new FactsBuilder();
  const keys = new KeyNumbers();
  const limit = new RowLimit(facts, MAX_ROWS);
  let row: MutableRow | undefined;
  for (const line of lines(text)) {
    if (!/^[ \t]/.test(line.text)) {
      if (!limit.take()) break;
      row = readHead(line.text, facts, keys);
      if (row === undefined) noteUnknown(facts, line.number);
    } else if (row) readStatistics(line.text, line.number, row, facts);
  }
  return facts;
}

function readHead(line: string, facts: FactsBuilder, keys: KeyNumbers): MutableRow | undefined {
  const [qdisc, kind = '', handle = '', devWord, dev = '', ...rest] = words(line);
  if (qdisc !== 'qdisc' || devWord !== 'dev' || !/^[\w.-]{1,32}$/.test(kind) || !/^[0-9a-f]{1,4}:$/i.test(handle)) return undefined;
  if (dev === '' || dev.length > MAX_NAME) return undefined;
  // The parent is the first word behind the device; a device may itself be called "root" or "parent".
  const [first, second] = rest;
  const [parent, options] =
    first === 'root' ? ['root', rest.slice(1)] : first === 'parent' && second !== undefined ? [second, rest.slice(2)] : ['-', rest];
  const row = facts.row('qdisc', keys.next(`${dev} ${parent} ${kind} ${handle}`));
  row.labels.set('dev', dev);
  row.labels.set('kind', kind);
  row.labels.set('handle', handle);
  row.labels.set('parent', parent);
  row.labels.set('options', options.join(' ').slice(0, 1_000));
  readOptions(options, row);
  return row;
}

function readOptions(options: readonly string[], row: MutableRow): void {
  const limit = options[options.indexOf('limit') + 1];
  if (options.includes('limit') && limit !== undefined) {
    const packets = /^(\d{1,15})p?$/.exec(limit)?.[1];
    const bytes = packets === undefined ? parseSize(limit) : undefined;
    const value = packets === undefined ? bytes : Number(packets);
    if (value !== undefined) {
      row.gauges.set('limit', value);
      row.labels.set('limit_unit', bytes === undefined ? 'packets' : 'bytes');
    }
  }
  // htb prints this one, a counter, among its options (tc/q_htb.c).
  const direct = parseCount(options[options.indexOf('direct_packets_stat') + 1] ?? '');
  if (options.includes('direct_packets_stat') && direct !== undefined) row.counters.set('direct_packets_stat', direct);
}

function readStatistics(text: string, line: number, row: MutableRow, facts: FactsBuilder): void {
  if (text.trimStart().startsWith('Sent ')) {
    const sent = SENT.exec(text);
    if (!sent) return noteUnknown(facts, line);
    for (const [index, name] of ['sent_bytes', 'sent_packets', 'dropped', 'overlimits', 'requeues'].entries()) {
      putCount(facts, row.counters, name, sent[index + 1] ?? '', line);
    }
    return;
  }
  const backlog = BACKLOG.exec(text);
  if (backlog) {
    const bytes = parseSize(backlog[1] ?? '');
    if (bytes === undefined) noteGarbled(facts, line);
    else row.gauges.set('backlog_bytes', bytes);
    row.gauges.set('backlog_packets', Number(backlog[2]));
    return;
  }
  readExtra(text, row);
}

/**
 * Lines of a particular kind of qdisc, `word number` or (older fq) `number word[ word],`. What stands in parentheses
 * is a level or a repetition. cake prints one column for each tin: these are added. Anything else is prose.
 */
function readExtra(text: string, row: MutableRow): void {
  const plain = text.replace(/\([^()]{0,200}\)/g, ' ');
  if (row.counters.size + row.gauges.size > MAX_VALUES) return;
  if (/^ *\d+ [a-z]/.test(plain)) {
    for (const part of plain.split(',')) {
      const [, number, name] = /^ *(\d{1,20}) ([a-z_]{1,30}(?: [a-z_]{1,30}){0,3}) *$/.exec(part) ?? [];
      if (number !== undefined && name !== undefined) put(row, name.replaceAll(' ', '_'), [number]);
    }
    return;
  }
  let name: string | undefined;
  let numbers: string[] = [];
  const flush = (): void => {
    // Several numbers behind one word are the columns of cake's tins; elsewhere their meaning is unknown.
    if (name !== undefined && (numbers.length === 1 || row.labels.get('kind') === 'cake')) put(row, name, numbers);
    numbers = [];
  };
  for (const word of words(plain)) {
    if (/^\d{1,20},?$/.test(word)) {
      numbers.push(word.replace(',', ''));
      continue;
    }
    flush();
    name = /^[a-z]\w{0,40}$/.test(word) ? word : undefined;
  }
  flush();
  // fq leaves flows_plimit out while it is 0; its other statistics show that it would print it (tc/q_fq.c).
  if (row.counters.has('gc') && !row.counters.has('flows_plimit')) row.counters.set('flows_plimit', 0);
}

/** What the statistics common to all qdiscs say is never overwritten: pie and others repeat `dropped` in another sense. */
const COMMON: ReadonlySet<string> = new Set(['sent_bytes', 'sent_packets', 'dropped', 'overlimits', 'requeues']);

function put(row: MutableRow, name: string, numbers: readonly string[]): void {
  if (COMMON.has(name)) return;
  for (const number of numbers) {
    const value = parseCount(number);
    if (value === undefined) continue;
    if (LEVELS.has(name)) row.gauges.set(name, Number(value));
    else addTo(row.counters, name, value);
  }
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['Kb', 1024],
  ['Mb', 1024 ** 2],
  ['Gb', 1024 ** 3],
]);

/** A size as tc prints it (lib/utils_math.c, sprint_size): `12b`, `10Kb`, `1.5Mb`, in units of 1024 bytes. */
function parseSize(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?)([KMG]?b)$/.exec(text) ?? [];
  const factor = UNITS.get(unit);
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
