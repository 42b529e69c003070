import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { lines, MAX_INTERFACES, MAX_NAME, note, noteEmpty, noteUnknown, putCount, RowLimit, words } from './text.js';

const COLUMNS = [
  'rx_bytes',
  'rx_packets',
  'rx_errs',
  'rx_drop',
  'rx_fifo',
  'rx_frame',
  'rx_compressed',
  'rx_multicast',
  'tx_bytes',
  'tx_packets',
  'tx_errs',
  'tx_drop',
  'tx_fifo',
  'tx_colls',
  'tx_carrier',
  'tx_compressed',
] as const;

/** The words of the second header line, as the kernel has printed them since 2.2. */
const HEADER =
  'face bytes packets errs drop fifo frame compressed multicast bytes packets errs drop fifo colls carrier compressed';

/**
 * /proc/net/dev: one row of 16 counters an interface (net/core/net-procfs.c, dev_seq_printf_stats). Some columns are
 * sums: `rx_drop` is rx_dropped + rx_missed_errors, `rx_frame` is length + over + crc + frame errors, `tx_carrier`
 * is carrier + aborted + window + heartbeat errors. Kernels before 2.6.37 print no space between name and first value.
 */
export function parseDev(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_INTERFACES);
  let header: 'missing' | 'known' | 'unknown' = 'missing';
  let any = false;

  for (const line of lines(text)) {
    any = true;
    const colon = line.text.lastIndexOf(':');
    if (colon < 0) {
      if (!line.text.includes('|')) noteUnknown(facts, line.number);
      else if (line.text.includes('face')) {
        header = words(line.text.replaceAll('|', ' ')).join(' ') === HEADER ? 'known' : 'unknown';
      }
      continue;
    }
    const name = words(line.text.slice(0, colon));
    const values = words(line.text.slice(colon + 1));
    const [key] = name;
    if (key === undefined || name.length > 1 || key.length > MAX_NAME || values.length !== COLUMNS.length) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (header === 'unknown') break;
    if (!limit.take()) break;
    const row = facts.row('interface', key);
    for (const [index, column] of COLUMNS.entries()) putCount(facts, row.counters, column, values[index] ?? '', line.number);
  }
  if (!any) noteEmpty(facts);
  else if (header === 'unknown') note(facts, msg('The columns are not those of /proc/net/dev; no interface was read.'));
  else if (header === 'missing') note(facts, msg('The header line is missing.'));
  return facts;
}
