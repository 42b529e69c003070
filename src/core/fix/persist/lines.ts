import type { Author, Kept } from './types.js';

/**
 * A text as its lines. What is between two newlines is one; a text that ends with a newline has an empty one last. So a
 * line can be put in and taken out anywhere and all other bytes stay, also in a file that ends without a newline.
 */
export const linesOf = (text: string | null): readonly string[] => (text ?? '').split('\n');

export const textOf = (lines: readonly string[]): string => lines.join('\n');

/** Lines as this file ends its own: with a carriage return where most have one. */
function inStyle(lines: readonly string[], added: readonly string[]): readonly string[] {
  const carried = lines.filter((line) => line.endsWith('\r')).length;
  return carried * 2 > lines.length - 1 && carried > 0 ? added.map((line) => `${line}\r`) : added;
}

/** Puts lines in the place of `count` lines. */
export function spliced(text: string | null, at: number, count: number, added: readonly string[]): string {
  const lines = linesOf(text);
  return textOf([...lines.slice(0, at), ...inStyle(lines, added), ...lines.slice(at + count)]);
}

/**
 * Adds lines to a text: at its end, or at its beginning where its last line does not end with a newline. After such a
 * line, ours would be without one themselves, and whatever is added to the file later would become a part of them.
 */
export function appended(text: string | null, added: readonly string[]): string {
  const lines = linesOf(text);
  return spliced(text, lines.at(-1) === '' ? lines.length - 1 : 0, 0, added);
}

const MARK = '# Droplens ';

/**
 * The comment above what was put into a file: who and why. No two are the same, so that what belongs to a change is
 * found again whatever else was written into the file since.
 */
export function comment({ change, title, date }: Author, { name, before, value }: Kept): string {
  return `${MARK}${change} (${date}): ${title}. ${name}: ${before.value} -> ${value}`.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 400);
}

/** Whether a line is such a comment. */
export const isComment = (line: string | undefined): boolean => line?.startsWith(MARK) === true;

/** Puts lines with their comment in the place of one line, and of the comment of ours that stands above it. */
export function replaced(text: string | null, at: number, added: readonly string[]): string {
  return isComment(linesOf(text)[at - 1]) ? spliced(text, at - 1, 2, added) : spliced(text, at, 1, added);
}

/**
 * Puts a block of ours (its comment and these lines) into a text: in the place of an earlier block of ours for the same
 * thing, which is known by how its last line begins, else at the end. The same text where that line stands already.
 */
export function withBlock(text: string | null, own: string, block: readonly string[], begins: string): string {
  const lines = linesOf(text).map((line) => line.replace(/\r$/, ''));
  const size = block.length;
  const at = lines.findIndex((line, index) => line.startsWith(begins) && isComment(lines[index - size]));
  if (at < 0) return appended(text, [own, ...block]);
  return lines[at] === block.at(-1) ? (text ?? '') : spliced(text, at - size, size + 1, [own, ...block]);
}
