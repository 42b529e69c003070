import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hunksOf } from '../../../src/core/fix/persist/diff.js';
import { comment, linesOf, replaced, withBlock } from '../../../src/core/fix/persist/lines.js';
import type { Kept } from '../../../src/core/fix/persist/types.js';
import { withdraw, type FileChange } from '../../../src/core/fix/persist/withdraw.js';

const kept = (name: string, value: string): Kept => ({ setting: { kind: 'sysctl', path: name, index: null }, name, before: { value: '1', state: '1' }, value, state: value });
const own = (change: number, key: string, value: string): string => comment({ change: change.toString(16).padStart(8, '0'), title: 'Raise it', date: '2026-11-22' }, kept(key, value));

/** One change as the kinds make them: a line of ours for a key in the place of one that is there, else at the end. */
function write(text: string | null, change: number, key: string, value: string): string {
  const at = linesOf(text).findLastIndex((line) => line.startsWith(`${key} =`));
  const lines = [own(change, key, value), `${key} = ${value}`];
  return at < 0 ? withBlock(text, lines[0] ?? '', lines.slice(1), `${key} =`) : replaced(text, at, lines);
}

const line = fc.oneof(fc.constantFrom('', '# net.core.a = 5', 'net.a = 1', 'net.a = 1', 'net.b = 2\\', '\t', '; ü \u{1f600}', 'x'.repeat(3_000), 'net.c = 3\r'), fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' ')));
const text = fc.oneof(fc.constant(null), fc.constant(''), fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n')), fc.array(line, { maxLength: 12 }).map((lines) => `${lines.join('\r\n')}\r\n`));

describe('taking changes out of a file', () => {
  it('gives the file back byte for byte, whatever the order', () => {
    const changes = fc.array(fc.tuple(fc.constantFrom('net.a', 'net.b', 'net.d'), fc.nat(9)), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(text, changes, fc.infiniteStream(fc.nat()), (before, wanted, choices) => {
        let present = before;
        let log: FileChange[] = [];
        for (const [index, [key, value]] of wanted.entries()) {
          const after = write(present, index, key, String(100 * index + value));
          log.push({ before: present, after });
          present = after;
        }
        while (log.length > 0) {
          const at = (choices.next().value as number) % log.length;
          const [change] = log.slice(at);
          if (change === undefined) throw new Error('there is one');
          const withdrawn = withdraw(present, change, log.slice(at + 1), false);
          if (withdrawn.kind === 'conflict') throw new Error('nobody else was there');
          present = withdrawn.text;
          log = [...log.slice(0, at), ...withdrawn.later];
          expect(log.at(-1)?.after ?? before).toBe(present);
        }
        expect(present).toBe(before);
      }),
      { seed: 5, numRuns: 1_500 },
    );
  });

  it('leaves what others wrote in the meantime', () => {
    fc.assert(
      fc.property(text, fc.array(line, { maxLength: 4 }), (before, theirs) => {
        const after = write(before, 1, 'net.ours', '7');
        const mixed = [...theirs, ...linesOf(after)].join('\n');
        const expected = [...theirs, ...linesOf(before)].join('\n');
        const withdrawn = withdraw(mixed, { before, after }, [], false);
        expect(withdrawn).toMatchObject({ kind: 'withdrawn', text: before === null && expected === '' ? null : expected });
      }),
      { seed: 6, numRuns: 500 },
    );
  });

  it('does nothing where somebody changed our line, unless forced', () => {
    const after = write('a\n', 1, 'net.x', '7');
    const theirs = after.replace('net.x = 7', 'net.x = 8');
    expect(withdraw(theirs, { before: 'a\n', after }, [], false)).toEqual({ kind: 'conflict' });
    expect(withdraw(theirs, { before: 'a\n', after }, [], true)).toMatchObject({ kind: 'withdrawn', text: 'a\nnet.x = 8\n' });
  });

  it('has nothing to do where somebody took it out or removed the file', () => {
    const after = write(null, 1, 'net.x', '7');
    expect(withdraw(null, { before: null, after }, [], false)).toMatchObject({ kind: 'withdrawn', text: null });
    expect(withdraw('other = 1\n', { before: null, after }, [], false)).toMatchObject({ kind: 'withdrawn', text: 'other = 1\n' });
  });

  it('puts back the line that ours replaced, and not its copy elsewhere', () => {
    const before = 'net.x = 1\nnet.y = 7\n';
    const after = write(before, 1, 'net.x', '7');
    const moved = `# theirs\nnet.x = 7\n${after}`;
    expect(withdraw(moved, { before, after }, [], false)).toMatchObject({ text: `# theirs\nnet.x = 7\n${before}` });
  });

  it('finds differences that add up to the other text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 9 }), fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 9 }), (a, b) => {
        const hunks = hunksOf(a.join('\n'), b.join('\n'));
        const [was, now] = [hunks.flatMap((hunk) => hunk.was), hunks.flatMap((hunk) => hunk.now)];
        expect(linesOf(a.join('\n')).length - was.length).toBe(linesOf(b.join('\n')).length - now.length);
        if (a.join('\n') === b.join('\n')) expect(hunks).toEqual([]);
      }),
      { seed: 7 },
    );
  });
});
