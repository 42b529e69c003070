import { TABLES, type TableName } from '../facts.js';
import { rowsOf } from '../observe/derive.js';
import { sourceOfTable } from '../observe/origin.js';
import type { RowWindow, WindowView } from '../observe/window.js';

/** A value as conditions see it. */
export type ScopeValue = number | string | ScopeObject;
/** Named values. A Map, because names come from hosts and drivers: `constructor` and `__proto__` are names like others. */
export type ScopeObject = ReadonlyMap<string, ScopeValue>;

/** All rows of each table. */
export type ScopeRows = Readonly<Record<TableName, readonly ScopeObject[]>>;

/** What a condition can name: see docs/runbook-format.md, "Names in a condition". */
export interface Scope {
  readonly delta: ScopeObject;
  readonly rate: ScopeObject;
  readonly now: ScopeObject;
  readonly min: ScopeObject;
  readonly max: ScopeObject;
  readonly rows: ScopeRows;
  readonly seconds: number;
}

/** The ways to look at the host's values. */
export type HostView = 'delta' | 'rate' | 'now' | 'min' | 'max';

/** A window as the conditions see it. */
export interface ScopedView {
  readonly view: WindowView;
  /** Made when it is first asked for: most conditions read the window itself. */
  readonly scope: Scope;
  row(row: RowWindow): ScopeObject;
  /** Whether values of the host have names that begin with this one and a dot. */
  isHolder(view: HostView, name: string): boolean;
  /** As {@link rowsOf}, sorted once. */
  rowsOf(table: TableName): readonly RowWindow[];
}

/** Makes the names of a window available to conditions. */
export function scopeOf(view: WindowView): ScopedView {
  const made = new Map<RowWindow, ScopeObject>();
  const row = (window: RowWindow): ScopeObject => {
    let known = made.get(window);
    if (known === undefined) made.set(window, (known = rowObject(window)));
    return known;
  };
  const sorted = new Map<TableName, readonly RowWindow[]>();
  const rows = (table: TableName): readonly RowWindow[] => {
    let known = sorted.get(table);
    if (known === undefined) sorted.set(table, (known = rowsOf(view, table)));
    return known;
  };
  const holders = new Map<HostView, ReadonlySet<string>>();
  const holdersOf = (name: HostView): ReadonlySet<string> => {
    let known = holders.get(name);
    if (known === undefined) holders.set(name, (known = holdersAmong(namesIn(view, name))));
    return known;
  };
  let scope: Scope | undefined;
  return {
    view,
    get scope() {
      return (scope ??= { ...hostScope(view), rows: tables(view, (table) => rows(table).map(row)), seconds: view.seconds });
    },
    row,
    isHolder: (name, holder) => holdersOf(name).has(holder),
    rowsOf: rows,
  };
}

function* namesIn(view: WindowView, name: HostView): Iterable<string> {
  switch (name) {
    case 'now':
      yield* view.counters.keys();
      yield* view.levels.keys();
      yield* view.texts.keys();
      return;
    case 'delta':
      for (const [id, counter] of view.counters) if (counter.delta !== undefined) yield id;
      return;
    case 'rate':
      for (const [id, counter] of view.counters) if (counter.delta !== undefined && counter.seconds > 0) yield id;
      return;
    case 'min':
    case 'max':
      yield* view.levels.keys();
  }
}

/** `a` and `a.b` for a name `a.b.c`. */
function holdersAmong(names: Iterable<string>): ReadonlySet<string> {
  const holders = new Set<string>();
  for (const name of names) {
    for (let dot = name.lastIndexOf('.'); dot >= 0; dot = name.lastIndexOf('.', dot - 1)) {
      const holder = name.slice(0, dot);
      if (holders.has(holder)) break;
      holders.add(holder);
    }
  }
  return holders;
}

function hostScope(view: WindowView): Omit<Scope, 'rows' | 'seconds'> {
  const delta: Place = new Map();
  const rate: Place = new Map();
  const now: Place = new Map();
  const min: Place = new Map();
  const max: Place = new Map();
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
  return { delta, rate, now, min, max };
}

/** Whether a table's rows are unknown: its source failed, and no other told of any. */
export function isUnreadTable(view: WindowView, table: TableName): boolean {
  return view.unreadable.has(sourceOfTable(table)) && (view.rows.get(table)?.size ?? 0) === 0;
}

type Place = Map<string, ScopeValue>;

/** Rows are many and few conditions look at all of a table, so a table is made when it is first named. */
function tables(view: WindowView, make: (table: TableName) => readonly ScopeObject[]): ScopeRows {
  const result = {} as Record<TableName, readonly ScopeObject[]>;
  for (const table of TABLES) {
    // A table that could not be read is missing, like any name that a host does not have, and not empty.
    if (isUnreadTable(view, table)) continue;
    let made: readonly ScopeObject[] | undefined;
    Object.defineProperty(result, table, { enumerable: true, get: () => (made ??= make(table)) });
  }
  return result;
}

function rowObject(window: RowWindow): ScopeObject {
  const delta: Place = new Map();
  const rate: Place = new Map();
  const now: Place = new Map();
  const min: Place = new Map();
  const max: Place = new Map();
  for (const [name, counter] of window.counters) {
    now.set(name, Number(counter.after));
    if (counter.delta === undefined) continue;
    delta.set(name, counter.delta);
    if (counter.seconds > 0) rate.set(name, counter.delta / counter.seconds);
  }
  for (const [name, level] of window.levels) {
    now.set(name, level.after);
    min.set(name, level.min);
    max.set(name, level.max);
  }
  const own: readonly (readonly [string, ScopeValue])[] = [
    ['name', window.key],
    ['delta', delta],
    ['rate', rate],
    ['now', now],
    ['min', min],
    ['max', max],
  ];
  return new Map([...window.labels, ...own]);
}

/** Puts `a.b.c` into nested maps. A name that is both a value and a prefix (`tcp_rmem`, `tcp_rmem.max`) keeps its parts. */
function place(root: Place, id: string, value: number | string): void {
  const path = id.split('.');
  const leaf = path.pop();
  if (leaf === undefined) return;
  let at = root;
  for (const part of path) {
    const next = at.get(part);
    if (next instanceof Map) {
      at = next as Place;
    } else {
      const made: Place = new Map();
      at.set(part, made);
      at = made;
    }
  }
  if (!(at.get(leaf) instanceof Map)) at.set(leaf, value);
}
