import { FactsBuilder, type Facts, type TableName } from '../../../src/core/facts.js';
import { msg } from '../../../src/core/message.js';
import type { Reading, Sample } from '../../../src/core/sample.js';
import type { Count } from '../../../src/core/count.js';

/** A row in short: `labels`, `counters` and `gauges` by name. */
export interface RowSpec {
  readonly table: TableName;
  readonly key: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly counters?: Readonly<Record<string, Count>>;
  readonly gauges?: Readonly<Record<string, number>>;
}

export interface FactsSpec {
  readonly counters?: Readonly<Record<string, Count>>;
  readonly gauges?: Readonly<Record<string, number>>;
  readonly texts?: Readonly<Record<string, string>>;
  readonly rows?: readonly RowSpec[];
}

export function facts(spec: FactsSpec): Facts {
  const builder = new FactsBuilder();
  for (const [id, value] of Object.entries(spec.counters ?? {})) builder.counters.set(id, value);
  for (const [id, value] of Object.entries(spec.gauges ?? {})) builder.gauges.set(id, value);
  for (const [id, value] of Object.entries(spec.texts ?? {})) builder.texts.set(id, value);
  for (const row of spec.rows ?? []) {
    const made = builder.row(row.table, row.key);
    for (const [name, value] of Object.entries(row.labels ?? {})) made.labels.set(name, value);
    for (const [name, value] of Object.entries(row.counters ?? {})) made.counters.set(name, value);
    for (const [name, value] of Object.entries(row.gauges ?? {})) made.gauges.set(name, value);
  }
  return builder;
}

export const unreadable = (reason: 'absent' | 'denied' | 'no-tool' | 'failed' | 'garbled', why = 'test'): Reading => ({
  state: 'unreadable',
  reason,
  why: msg('{0}', why),
  how: undefined,
});

/** A sample at a time of the host's clock; a source's value is facts in short, or a reading. */
export function sample(at: number, sources: Readonly<Record<string, FactsSpec | Reading>>, bootId = 'boot-1'): Sample {
  const readings = new Map<string, Reading>();
  for (const [source, value] of Object.entries(sources)) {
    readings.set(source, 'state' in value ? value : { state: 'ok', facts: facts(value) });
  }
  return { seq: at, hostSeconds: at, bootId, readings };
}
