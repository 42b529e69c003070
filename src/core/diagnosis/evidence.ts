import type { RowWindow, WindowView } from '../observe/window.js';
import type { Evidence } from './types.js';

/** The values named by a cause, before and after; names that this host does not have are left out. */
export function evidenceOf(names: readonly string[], view: WindowView, row: RowWindow | undefined): readonly Evidence[] {
  return names.flatMap((name) => {
    const entry = name.startsWith('it.') ? ofRow(row, name.slice('it.'.length)) : ofHost(view, name);
    return entry ? [entry] : [];
  });
}

function ofRow(row: RowWindow | undefined, name: string): Evidence | undefined {
  if (row === undefined) return undefined;
  const signal = `${row.table}.${name}`;
  const counter = row.counters.get(name);
  if (counter) return change(signal, Number(counter.before), Number(counter.after), counter.delta);
  const level = row.levels.get(name);
  return level && change(signal, level.before, level.after, undefined);
}

function ofHost(view: WindowView, name: string): Evidence | undefined {
  const counter = view.counters.get(name);
  if (counter) return change(name, Number(counter.before), Number(counter.after), counter.delta);
  const level = view.levels.get(name);
  return level && change(name, level.before, level.after, undefined);
}

function change(signal: string, before: number, after: number, delta: number | undefined): Evidence {
  return { signal, before, after, delta: delta ?? after - before };
}
