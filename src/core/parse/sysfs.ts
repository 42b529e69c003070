import { FactsBuilder, type Facts } from '../facts.js';
import { SYSFS_ATTRIBUTES } from '../settings.js';
import { lines, MAX_INTERFACES, MAX_NAME, noteEmpty, noteGarbled, noteUnknown, parseLevel, putCount, RowLimit } from './text.js';

const KNOWN: ReadonlySet<string> = new Set(SYSFS_ATTRIBUTES);
const GAUGES: ReadonlySet<string> = new Set(['mtu', 'speed', 'tx_queue_len']);
const LABELS: ReadonlySet<string> = new Set(['operstate', 'duplex', 'flags']);

/** What the kernel prints where the speed is unknown: -1, or the same as an unsigned number of 32 or 16 bits. */
const NO_SPEED: ReadonlySet<number> = new Set([-1, 0, 65_535, 4_294_967_295]);

/**
 * Attributes below /sys/class/net as grep prints them: `./eth0/statistics/rx_dropped:12`
 * (Documentation/ABI/testing/sysfs-class-net and -statistics). Rows `interface`: counters by the file's name, gauges
 * mtu (bytes), speed (Mbit/s, left out where unknown), tx_queue_len (packets), labels operstate, duplex, flags.
 */
export function parseSysfs(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_INTERFACES);
  let any = false;
  for (const line of lines(text)) {
    any = true;
    // Links without a speed refuse to be read; grep says so.
    if (line.text.startsWith('grep: ')) continue;
    const colon = line.text.indexOf(':');
    const path = line.text.slice(0, Math.max(colon, 0)).replace(/^(?:\.\/|\/sys\/class\/net\/)/, '');
    const slash = path.indexOf('/');
    const name = path.slice(0, Math.max(slash, 0));
    const attribute = path.slice(slash + 1);
    const value = line.text.slice(colon + 1).trim();
    if (name === '' || name.length > MAX_NAME || !KNOWN.has(attribute)) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.takeNamed(name)) break;
    const row = facts.row('interface', name);
    if (LABELS.has(attribute)) {
      if (/^[\x21-\x7e]{1,64}$/.test(value)) row.labels.set(attribute, value);
      else noteGarbled(facts, line.number);
    } else if (GAUGES.has(attribute)) {
      const level = parseLevel(value);
      if (level === undefined) noteGarbled(facts, line.number);
      else if (attribute !== 'speed' || !NO_SPEED.has(level)) row.gauges.set(attribute, level);
    } else putCount(facts, row.counters, attribute.replace('statistics/', ''), value, line.number);
  }
  if (!any) noteEmpty(facts);
  return facts;
}
