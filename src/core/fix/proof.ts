import type { TableName } from '../facts.js';
import type { WindowView } from '../observe/window.js';

/** One watched signal before and after a change, both per second over windows of the same length. */
export interface ProofLine {
  readonly signal: string;
  readonly before: number;
  readonly after: number;
}

/** `stopped`: nothing moves any more · `less`: under half of it · `same`: no change, or worse · `quiet`: nothing moved before, so nothing is proved. */
export type ProofVerdict = 'stopped' | 'less' | 'same' | 'quiet';

/** What the counters say about a change. */
export interface Proof {
  readonly verdict: ProofVerdict;
  readonly lines: readonly ProofLine[];
  /** Lengths of the two windows by the host's clock. */
  readonly seconds: readonly [before: number, after: number];
}

/** The row to which `it.NAME` belongs. */
export interface ProofRow {
  readonly table: TableName;
  readonly key: string;
}

/**
 * Compares the same counters before and after. A signal that one of the windows does not have is left out; without any,
 * nothing is proved.
 */
export function prove(watch: readonly string[], row: ProofRow | undefined, before: WindowView, after: WindowView): Proof {
  const lines: ProofLine[] = [];
  for (const signal of watch) {
    const was = rateOf(signal, row, before);
    const is = rateOf(signal, row, after);
    if (was !== undefined && is !== undefined) lines.push({ signal, before: was, after: is });
  }
  return { verdict: verdictOf(lines), lines, seconds: [before.seconds, after.seconds] };
}

function verdictOf(lines: readonly ProofLine[]): ProofVerdict {
  const moved = lines.filter(({ before }) => before > 0);
  if (moved.length === 0) return 'quiet';
  if (moved.every(({ after }) => after === 0)) return 'stopped';
  return moved.every(({ before, after }) => after < before / 2) ? 'less' : 'same';
}

function rateOf(signal: string, row: ProofRow | undefined, view: WindowView): number | undefined {
  const counter = signal.startsWith('it.')
    ? row && view.rows.get(row.table)?.get(row.key)?.counters.get(signal.slice('it.'.length))
    : view.counters.get(signal);
  if (counter?.delta === undefined || counter.seconds <= 0) return undefined;
  return counter.delta / counter.seconds;
}
