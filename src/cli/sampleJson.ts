import type { Count } from '../core/count.js';
import { english } from '../core/message.js';
import type { HostInfo, Sample } from '../core/sample.js';

/** A sample as plain data. Counters beyond 2^53 - 1 become decimal strings, so that no digit is lost. */
export function sampleJson(target: string, host: HostInfo, sample: Sample): unknown {
  const counters: Record<string, string | number> = Object.create(null) as Record<string, string | number>;
  const gauges: Record<string, number> = Object.create(null) as Record<string, number>;
  const texts: Record<string, string> = Object.create(null) as Record<string, string>;
  const rows: unknown[] = [];
  const unreadable: unknown[] = [];
  for (const [source, reading] of sample.readings) {
    if (reading.state === 'unreadable') {
      unreadable.push({ source, reason: reading.reason, why: english(reading.why) });
      continue;
    }
    const { facts } = reading;
    for (const [id, value] of facts.counters) counters[id] = plain(value);
    for (const [id, value] of facts.gauges) gauges[id] = value;
    for (const [id, value] of facts.texts) texts[id] = value;
    for (const row of facts.rows) {
      rows.push({
        table: row.table,
        key: row.key,
        source,
        labels: Object.fromEntries(row.labels),
        counters: Object.fromEntries([...row.counters].map(([name, value]) => [name, plain(value)])),
        gauges: Object.fromEntries(row.gauges),
      });
    }
  }
  return {
    target,
    host: { name: host.name, kernel: host.kernel, bootId: host.bootId },
    hostSeconds: sample.hostSeconds,
    counters,
    gauges,
    texts,
    rows,
    unreadable,
  };
}

function plain(value: Count): string | number {
  return typeof value === 'bigint' ? value.toString() : value;
}
