import { hunksOf, type Hunk } from './diff.js';
import { linesOf, textOf } from './lines.js';

/** What one change of ours made of a file; `before: null`: it made the file. */
export interface FileChange {
  readonly before: string | null;
  readonly after: string;
}

export type Withdrawn =
  /** The file without the change (`null`: no file), and the later changes as if this one had never been made. */
  | { readonly kind: 'withdrawn'; readonly text: string | null; readonly later: readonly FileChange[] }
  /** What it wrote was changed by somebody else since. */
  | { readonly kind: 'conflict' };

/**
 * Takes one change out of a file and leaves everything else in it, be it older or younger: what others wrote, and what
 * later changes of ours did (`later`, in the order in which they were made). Where a later one has replaced the same
 * lines, the file stays and the later one will put back what was there before both.
 *
 * Whatever the order in which changes are withdrawn, the file is at the end, byte for byte, what it was at the beginning.
 */
export function withdraw(present: string | null, change: FileChange, later: readonly FileChange[], force: boolean): Withdrawn {
  const hunks = hunksOf(change.before, change.after);
  const made = change.before === null;
  const left: string[] = [];
  let lines = linesOf(present);
  for (const hunk of hunks) {
    const without = reverted(lines, hunk);
    if (without !== undefined) lines = without;
    else if (!isOver(lines, hunk) && !later.some((one) => replaces(one, hunk))) {
      if (!force) return { kind: 'conflict' };
      lines = lines.filter((line) => line.trim() === '' || !hunk.now.includes(line));
      left.push(...hunk.was);
    }
  }
  // Forced, where the place is not known any more: what was there before stands at the end.
  if (left.length > 0) lines = lines.at(-1) === '' ? [...lines.slice(0, -1), ...left, ''] : [...lines, ...left];
  const text = present === null ? null : asFile(lines, made);
  return { kind: 'withdrawn', text, later: later.map((one) => rebased(one, hunks, made)) };
}

/** A file of ours in which nothing is left is no file. */
function asFile(lines: readonly string[], made: boolean): string | null {
  const text = textOf(lines);
  return made && text === '' ? null : text;
}

function rebased({ before, after }: FileChange, hunks: readonly Hunk[], made: boolean): FileChange {
  const without = (text: string): readonly string[] => hunks.reduce((lines, hunk) => reverted(lines, hunk) ?? lines, linesOf(text));
  return { before: before === null ? null : asFile(without(before), made), after: textOf(without(after)) };
}

/** The lines with `was` in the place of `now`; `undefined` where `now` is not there, or more than once. */
function reverted(lines: readonly string[], { was, now }: Hunk): readonly string[] | undefined {
  const at = placeOf(lines, now);
  return at === undefined ? undefined : [...lines.slice(0, at), ...was, ...lines.slice(at + now.length)];
}

function placeOf(lines: readonly string[], wanted: readonly string[]): number | undefined {
  const [first] = wanted;
  if (first === undefined) return undefined;
  const places: number[] = [];
  for (let at = lines.indexOf(first); at >= 0; at = lines.indexOf(first, at + 1)) {
    if (wanted.every((line, index) => lines[at + index] === line)) places.push(at);
  }
  return places.length === 1 ? places[0] : undefined;
}

/** Somebody took it out already: nothing of it is left, and what it replaced is back. */
function isOver(lines: readonly string[], { was, now }: Hunk): boolean {
  const gone = now.every((line) => line.trim() === '' || !lines.includes(line));
  return gone && (was.length === 0 || placeOf(lines, was) !== undefined);
}

/** Whether a later change replaced what this one wrote. */
function replaces({ before, after }: FileChange, { now }: Hunk): boolean {
  return placeOf(linesOf(before), now) !== undefined && placeOf(linesOf(after), now) === undefined;
}
