import { TABLES, type TableName } from '../facts.js';
import { rowsOf } from '../observe/derive.js';
import type { RowWindow, WindowView } from '../observe/window.js';

/** A value as conditions see it. Objects have no prototype: names come from hosts and drivers. */
export type ScopeValue = number | string | ScopeObject | readonly ScopeValue[];
export interface ScopeObject {
  [name: string]: ScopeValue;
}

/** What a condition can name: see docs/runbook-format.md, "Names in a condition". */
export interface Scope {
  readonly delta: ScopeObject;
  readonly rate: ScopeObject;
  readonly now: ScopeObject;
  readonly min: ScopeObject;
  readonly max: ScopeObject;
  readonly rows: ScopeObject;
  readonly seconds: number;
}

/** Makes the names of a window available to conditions. */
export function scopeOf(view: WindowView): { readonly scope: Scope; row(row: RowWindow): ScopeObject } {
  const delta = object();
  const rate = object();
  const now = object();
  const min = object();
  const max = object();
  for (const [id, counter] of view.counters) {
    place(now, id, Number(counter.after));
    if (counter.delta === undefined) continue;
    place(delta, id, counter.delta);
    if (counter.seconds > 0) place(rate, id, counter.delta / counter.seconds);
  }
  for (const [id, level] of view.levels) {
    place(now, id, level.after);
    place(min, id, level.min);
    place(max, id, level.max);
  }
  for (const [id, text] of view.texts) place(now, id, text);
  const made = new Map<RowWindow, ScopeObject>();
  const row = (window: RowWindow): ScopeObject => {
    let known = made.get(window);
    if (known === undefined) made.set(window, (known = rowObject(window)));
    return known;
  };
  return { scope: { delta, rate, now, min, max, rows: tables(view, row), seconds: view.seconds }, row };
}

/** Rows are many and few conditions look at all of a table, so a table is made when it is first named. */
function tables(view: WindowView, row: (window: RowWindow) => ScopeObject): ScopeObject {
  const result = object();
  for (const table of TABLES) {
    let made: readonly ScopeValue[] | undefined;
    Object.defineProperty(result, table, {
      enumerable: true,
      get: () => (made ??= rowsFor(view, table).map(row)),
    });
  }
  return result;
}

function rowsFor(view: WindowView, table: TableName): readonly RowWindow[] {
  return rowsOf(view, table);
}

function rowObject(window: RowWindow): ScopeObject {
  const result = object();
  for (const [name, text] of window.labels) result[name] = text;
  const delta = object();
  const rate = object();
  const now = object();
  const min = object();
  const max = object();
  for (const [name, counter] of window.counters) {
    now[name] = Number(counter.after);
    if (counter.delta === undefined) continue;
    delta[name] = counter.delta;
    if (counter.seconds > 0) rate[name] = counter.delta / counter.seconds;
  }
  for (const [name, level] of window.levels) {
    now[name] = level.after;
    min[name] = level.min;
    max[name] = level.max;
  }
  return Object.assign(result, { name: window.key, delta, rate, now, min, max });
}

function object(): ScopeObject {
  return Object.create(null) as ScopeObject;
}

/** Puts `a.b.c` into nested objects. A name that is both a value and a prefix (`tcp_rmem`, `tcp_rmem.max`) keeps its parts. */
function place(root: ScopeObject, id: string, value: number | string): void {
  const path = id.split('.');
  const leaf = path.pop();
  if (leaf === undefined) return;
  let at = root;
  for (const part of path) {
    const next = at[part];
    if (typeof next === 'object' && !Array.isArray(next)) {
      at = next as ScopeObject;
    } else {
      const made = object();
      at[part] = made;
      at = made;
    }
  }
  if (typeof at[leaf] !== 'object') at[leaf] = value;
}
