import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Count } from '../../../src/core/count.js';
import type { Facts, Row } from '../../../src/core/facts.js';
import { parserFor } from '../../../src/core/parse/index.js';

const ROOT = new URL('./fixtures/', import.meta.url);

/** One captured or reconstructed text: `host` is its folder, `source` the id of its source. */
export interface Fixture {
  readonly host: string;
  readonly source: string;
  readonly text: string;
}

/** Every fixture, in a fixed order. */
export function allFixtures(): Fixture[] {
  return readdirSync(fileURLToPath(ROOT), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.txt'))
    .sort()
    .map((path) => {
      const slash = path.lastIndexOf('/');
      const host = path.slice(0, slash);
      const source = path.slice(slash + 1, -'.txt'.length);
      return { host, source, text: readFixture(host, source) };
    });
}

export function readFixture(host: string, source: string): string {
  return readFileSync(new URL(`${host}/${source}.txt`, ROOT), 'utf8');
}

export function parse(source: string, text: string): Facts {
  const parser = parserFor(source);
  if (!parser) throw new Error(`no parser for ${source}`);
  return parser(text);
}

export function parseFixture(host: string, source: string): Facts {
  return parse(source, readFixture(host, source));
}

/** The row with this key; the test fails when there is none. */
export function rowOf(facts: Facts, table: string, key: string): Row {
  const row = facts.rows.find((each) => each.table === table && each.key === key);
  if (!row) throw new Error(`no ${table} row ${key}; there are: ${facts.rows.map((each) => `${each.table} ${each.key}`).join(' | ')}`);
  return row;
}

export function plain<T extends Count | string>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries(map);
}
