import { inline } from '../../collect/sanitize.js';
import { uselessBecause } from '../../core/fix/plan.js';
import type { Fix } from '../../core/fix/types.js';
import { rowsOf } from '../../core/observe/derive.js';
import type { RowWindow } from '../../core/observe/window.js';
import type { Look } from '../liveTarget.js';

/** More than a person can choose from. */
const MOST_ROWS = 200;

/** Labels that tell one row from another, in the order in which they are worth reading. */
const TELLING = ['process', 'dev', 'local', 'kind', 'operstate', 'rule'];

/** The rows of the host for one of which a fix is, those with a finding of its cause first, those that it cannot help last; `null` for the host as a whole. */
export function rowChoices(fix: Fix, cause: string, look: Look | undefined): { row: string; label: string; detail: string }[] | null {
  if (fix.each === 'host') return null;
  if (look === undefined) return [];
  const found = new Set(look.diagnosis.findings.filter((finding) => finding.cause === cause).map(({ subject }) => subject.name));
  const isFound = (row: RowWindow): boolean => found.has(row.key) || found.has(row.labels.get('dev') ?? '') || found.has(row.labels.get('local') ?? '');
  // Those that the fix cannot help come last; who chooses one is told why.
  const worth = new Map(rowsOf(look.view, fix.each).map((row) => [row, uselessBecause({ runbook: cause, fix, row }, look.view, undefined) === undefined ? (isFound(row) ? 2 : 1) : 0]));
  const rows = [...worth.keys()].sort((a, b) => (worth.get(b) ?? 0) - (worth.get(a) ?? 0));
  return rows.slice(0, MOST_ROWS).map((row) => ({ row: row.key, label: inline(row.key), detail: inline(detailOf(row)) }));
}

function detailOf({ labels, key }: RowWindow): string {
  return TELLING.map((name) => labels.get(name)).filter((value) => value !== undefined && value !== '' && value !== key).join(' · ');
}
