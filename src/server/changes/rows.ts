import { inline } from '../../collect/sanitize.js';
import type { Fix } from '../../core/fix/types.js';
import { rowsOf } from '../../core/observe/derive.js';
import type { RowWindow } from '../../core/observe/window.js';
import type { Look } from '../liveTarget.js';

/** More than a person can choose from. */
const MOST_ROWS = 200;

/** Labels that tell one row from another, in the order in which they are worth reading. */
const TELLING = ['process', 'dev', 'local', 'kind', 'operstate', 'rule'];

/** The rows of the host for one of which a fix is, those with a finding of its cause first; `null` for the host as a whole. */
export function rowChoices(fix: Fix, cause: string, look: Look | undefined): { row: string; label: string; detail: string }[] | null {
  if (fix.each === 'host') return null;
  if (look === undefined) return [];
  const found = new Set(look.diagnosis.findings.filter((finding) => finding.cause === cause).map(({ subject }) => subject.name));
  const isFound = (row: RowWindow): boolean => found.has(row.key) || found.has(row.labels.get('dev') ?? '') || found.has(row.labels.get('local') ?? '');
  const rows = [...rowsOf(look.view, fix.each)].sort((a, b) => Number(isFound(b)) - Number(isFound(a)));
  return rows.slice(0, MOST_ROWS).map((row) => ({ row: row.key, label: inline(row.key), detail: inline(detailOf(row)) }));
}

function detailOf({ labels, key }: RowWindow): string {
  return TELLING.map((name) => labels.get(name)).filter((value) => value !== undefined && value !== '' && value !== key).join(' · ');
}
