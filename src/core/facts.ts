import type { Count } from './count.js';

/** Kinds of things that a source lists one per row. */
export const TABLES = [
  'interface', 'nic', 'qdisc', 'listener', 'socket', 'udp', 'cpu', 'synrecv', 'halfclosed', 'process', 'route', 'neighbour', 'nfqueue', 'capture',
  'rule', 'chain', 'drop',
] as const;
export type TableName = (typeof TABLES)[number];

/**
 * One interface, qdisc, socket … as one source describes it. Rows of several sources with the same table and key are
 * parts of one thing. Names come from the host and may be anything: always keyed by Map.
 */
export interface Row {
  readonly table: TableName;
  /** Identifies the thing within its table, stable between samples: interface name, `tcp 0.0.0.0:22`, CPU number … */
  readonly key: string;
  /** Words: `local`, `process`, `kind`, `dev`, `operstate` … */
  readonly labels: ReadonlyMap<string, string>;
  /** Values that only grow. */
  readonly counters: ReadonlyMap<string, Count>;
  /** Values that go up and down. */
  readonly gauges: ReadonlyMap<string, number>;
}

/** What one source said: pure data, independent of how its text was obtained. */
export interface Facts {
  /** Host-wide counters by full signal id, e.g. `TcpExt.ListenOverflows`. */
  readonly counters: ReadonlyMap<string, Count>;
  /** Host-wide levels by full signal id, e.g. `nf_conntrack.count`, `sysctl.net.core.somaxconn`. */
  readonly gauges: ReadonlyMap<string, number>;
  /** Host-wide words by full signal id, e.g. `sysctl.net.core.default_qdisc`. */
  readonly texts: ReadonlyMap<string, string>;
  readonly rows: readonly Row[];
  /** What in the text could not be understood, in English, for "cannot tell, because …". Empty when all was. */
  readonly problems: readonly string[];
}

/** Collects facts while a parser walks its text. */
export class FactsBuilder implements Facts {
  readonly counters = new Map<string, Count>();
  readonly gauges = new Map<string, number>();
  readonly texts = new Map<string, string>();
  readonly rows: MutableRow[] = [];
  readonly problems: string[] = [];
  #byKey = new Map<string, MutableRow>();

  /** The row for this table and key, made on first use. */
  row(table: TableName, key: string): MutableRow {
    const id = `${table}\n${key}`;
    let row = this.#byKey.get(id);
    if (row === undefined) {
      row = { table, key, labels: new Map(), counters: new Map(), gauges: new Map() };
      this.#byKey.set(id, row);
      this.rows.push(row);
    }
    return row;
  }

  /** Notes something that could not be understood; only the first few are kept, so hostile text cannot fill memory. */
  problem(text: string): void {
    if (this.problems.length < 8) this.problems.push(text);
  }
}

export interface MutableRow extends Row {
  readonly labels: Map<string, string>;
  readonly counters: Map<string, Count>;
  readonly gauges: Map<string, number>;
}

/** A pure parser: one source's text in, facts out. Never throws; what it cannot read it reports in `problems`. */
export type Parser = (text: string) => Facts;
