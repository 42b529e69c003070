import { scopeOf } from '../diagnosis/scope.js';
import type { TableName } from '../facts.js';
import type { WindowView } from '../observe/window.js';
import type { Watch } from './types.js';

/** One watched thing before and after a change, over windows of the same length. */
export interface ProofLine {
  /** The counter's id, or the name that the runbook gives. */
  readonly signal: string;
  /** Per second, unless `level`: then as they were at the end of the windows. */
  readonly before: number;
  readonly after: number;
  readonly level: boolean;
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
export function prove(watch: readonly Watch[], row: ProofRow | undefined, before: WindowView, after: WindowView): Proof {
  const lines: ProofLine[] = [];
  for (const one of watch) {
    const was = rateOf(one, row, before);
    const is = rateOf(one, row, after);
    if (was !== undefined && is !== undefined) lines.push({ signal: one.label, before: was, after: is, level: one.kind === 'level' });
  }
  return { verdict: verdictOf(lines), lines, seconds: [before.seconds, after.seconds] };
}

function verdictOf(lines: readonly ProofLine[]): ProofVerdict {
  const moved = lines.filter(({ before }) => before > 0);
  if (moved.length === 0) return 'quiet';
  if (moved.every(({ after }) => after === 0)) return 'stopped';
  return moved.every(({ before, after }) => after < before / 2) ? 'less' : 'same';
}

function rateOf(watch: Watch, place: ProofRow | undefined, view: WindowView): number | undefined {
  const row = place && view.rows.get(place.table)?.get(place.key);
  if (watch.kind !== 'signal') {
    const outcome = watch.amount.evaluate(scopeOf(view), row);
    const amount = outcome.kind === 'value' && typeof outcome.value === 'number' && Number.isFinite(outcome.value) ? outcome.value : undefined;
    // Two counters that are not read in the same moment can differ for a moment: below nothing is nothing.
    if (amount === undefined || view.seconds <= 0) return undefined;
    return Math.max(0, amount) / (watch.kind === 'level' ? 1 : view.seconds);
  }
  const { label } = watch;
  const counter = label.startsWith('it.') ? row?.counters.get(label.slice('it.'.length)) : view.counters.get(label);
  if (counter?.delta === undefined || counter.seconds <= 0) return undefined;
  return counter.delta / counter.seconds;
}
