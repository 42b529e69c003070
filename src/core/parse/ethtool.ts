import { parseCount } from '../count.js';
import { FactsBuilder, type Facts, type MutableRow } from '../facts.js';
import { addTo, lines, MAX_INTERFACES, MAX_NAME, MAX_VALUES, noteGarbled, noteUnknown, parseLevel, RowLimit, words } from './text.js';

const BLOCK = 'droplens-interface ';

/** Lines of `ethtool -i` that are kept, and their labels. */
const INFO: ReadonlyMap<string, string> = new Map([
  ['driver', 'driver'],
  ['version', 'version'],
  ['bus-info', 'bus_info'],
]);

/** Headings of ethtool's output, and what follows them. */
const HEADINGS: ReadonlyMap<string, Section> = new Map<string, Section>([
  ['NIC statistics:', 'statistics'],
  ['Pre-set maximums:', 'ring-most'],
  ['Current hardware settings:', 'ring-now'],
]);

type Section = 'info' | 'statistics' | 'ring' | 'ring-most' | 'ring-now';

/**
 * Blocks `droplens-interface NAME`, each with the output of `ethtool -i`, `-S` and `-g`. Rows `nic`: labels driver,
 * version, bus_info; counters under the driver's own names; gauges ring_rx, ring_tx, ring_rx_max, ring_tx_max (in
 * descriptors). What a driver does not support is a message of ethtool's, not a problem. Drivers that repeat a
 * name once a queue (vmxnet3) get the sum. Empty text: no interface has a device behind it.
 */
export function parseEthtool(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_INTERFACES);
  let row: MutableRow | undefined;
  let section: Section = 'info';
  for (const line of lines(text)) {
    if (line.text.startsWith(BLOCK)) {
      const name = line.text.slice(BLOCK.length);
      if (!limit.take()) break;
      row = name !== '' && name.length <= MAX_NAME ? facts.row('nic', name) : undefined;
      section = 'info';
      continue;
    }
    if (!row) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (line.text.startsWith('Ring parameters for ')) section = 'ring';
    const heading = HEADINGS.get(line.text.trimEnd());
    if (heading !== undefined) section = heading;
    else if (section === 'info') readInfo(line.text, row);
    else if (section === 'statistics') readStatistic(line.text, line.number, row, facts);
    else if (section === 'ring-most') readRing(line.text, '_max', row);
    else if (section === 'ring-now') readRing(line.text, '', row);
  }
  return facts;
}

function readInfo(text: string, row: MutableRow): void {
  const colon = text.indexOf(':');
  const label = INFO.get(text.slice(0, Math.max(colon, 0)));
  const value = text.slice(colon + 1).trim();
  if (label !== undefined && value !== '') row.labels.set(label, value.slice(0, MAX_NAME));
}

/** `     NAME: VALUE`, where the driver chooses the name: it may hold spaces and colons, so the last colon counts. */
function readStatistic(text: string, line: number, row: MutableRow, facts: FactsBuilder): void {
  // Statistics are indented; anything else is a message of the next ethtool.
  if (!/^[ \t]/.test(text)) return;
  const colon = text.lastIndexOf(':');
  const name = words(text.slice(0, Math.max(colon, 0))).join(' ');
  const value = parseCount(text.slice(colon + 1).trim());
  // vmxnet3 heads the statistics of each queue with `Tx Queue#: 0`; others print headings without a value.
  if (name.endsWith('#') || colon === text.trimEnd().length - 1) return;
  if (name === '' || name.length > MAX_NAME || !/^[\x20-\x7e]+$/.test(name)) noteUnknown(facts, line);
  else if (value === undefined) noteGarbled(facts, line);
  else if (row.counters.size < MAX_VALUES) addTo(row.counters, name, value);
}

/** `RX:  256`; `n/a` where the driver has none. */
function readRing(text: string, suffix: '' | '_max', row: MutableRow): void {
  const [name, value = '', ...rest] = words(text);
  const size = parseLevel(value);
  if (size === undefined || rest.length > 0) return;
  if (name === 'RX:') row.gauges.set(`ring_rx${suffix}`, size);
  else if (name === 'TX:') row.gauges.set(`ring_tx${suffix}`, size);
}
