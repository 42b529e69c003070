import { linesOf } from './lines.js';

/** A place where two texts differ: these lines became those. */
export interface Hunk {
  readonly was: readonly string[];
  readonly now: readonly string[];
}

/** Beyond this many comparisons the whole middle counts as one difference. */
const MOST_CELLS = 4_000_000;

/** Where two texts differ, from the top; by a longest common subsequence of their lines. */
export function hunksOf(before: string | null, after: string | null): readonly Hunk[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const [was, now] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (was.length === 0 && now.length === 0) return [];
  if (was.length * now.length > MOST_CELLS) return [{ was, now }];
  return between(was, now);
}

function between(was: readonly string[], now: readonly string[]): readonly Hunk[] {
  const width = now.length + 1;
  /** Length of the longest common subsequence of what follows. */
  const common = new Uint32Array((was.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = was.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = was[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const hunks: Hunk[] = [];
  let open: { was: string[]; now: string[] } | undefined;
  let [i, j] = [0, 0];
  while (i < was.length || j < now.length) {
    const [old, fresh] = [was[i], now[j]];
    if (old !== undefined && old === fresh) {
      open = undefined;
      i += 1;
      j += 1;
      continue;
    }
    if (open === undefined) hunks.push((open = { was: [], now: [] }));
    if (fresh === undefined || (old !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      open.was.push(old ?? '');
      i += 1;
    } else {
      open.now.push(fresh);
      j += 1;
    }
  }
  return hunks;
}
