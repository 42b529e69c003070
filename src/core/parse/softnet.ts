import { parseHexCount } from '../count.js';
import { FactsBuilder, type Facts } from '../facts.js';
import { addTo, lines, MAX_ROWS, noteEmpty, noteGarbled, noteUnknown, RowLimit, words } from './text.js';

/** Columns that are counters, by position; the others are unused (always 0) or levels. */
const COUNTERS = [
  [0, 'processed'],
  [1, 'dropped'],
  [2, 'time_squeeze'],
  [8, 'cpu_collision'],
  [9, 'received_rps'],
  [10, 'flow_limit_count'],
] as const;

const BACKLOG = 11;
const CPU = 12;

/** Counters that are also summed over all CPUs. */
const SUMMED: ReadonlySet<string> = new Set(['processed', 'dropped', 'time_squeeze', 'flow_limit_count']);

/**
 * /proc/net/softnet_stat: one line of hexadecimal numbers an online CPU (net/core/net-procfs.c, softnet_seq_show): 9
 * columns, then received_rps (2.6.35), flow_limit_count (3.11), backlog length and CPU number (5.10), the two parts
 * of the backlog (6.10). Before 5.10 the line's position is taken for the CPU, which is wrong only after one went
 * offline. Rows `cpu`; sums over all CPUs are `softnet.dropped` … Each value is 32 bits wide.
 */
export function parseSoftnet(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_ROWS);
  let index = -1;
  for (const line of lines(text)) {
    index += 1;
    const fields = words(line.text);
    if (fields.length < 9) {
      noteUnknown(facts, line.number);
      continue;
    }
    const cpu = fields[CPU] === undefined ? index : parseHexCount(fields[CPU]);
    if (cpu === undefined) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.take()) break;
    const row = facts.row('cpu', String(cpu));
    for (const [column, name] of COUNTERS) {
      const field = fields[column];
      if (field === undefined) continue;
      const value = parseHexCount(field);
      if (value === undefined) noteGarbled(facts, line.number);
      else row.counters.set(name, value);
    }
    const backlog = parseHexCount(fields[BACKLOG] ?? '0');
    if (backlog === undefined) noteGarbled(facts, line.number);
    else if (fields[BACKLOG] !== undefined) row.gauges.set('backlog_len', Number(backlog));
  }
  if (index < 0) noteEmpty(facts);
  for (const row of facts.rows) {
    for (const [name, value] of row.counters) {
      if (SUMMED.has(name)) addTo(facts.counters, `softnet.${name}`, value);
    }
  }
  return facts;
}
