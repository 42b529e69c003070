import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MarkedOutput } from '../../src/collect/markedOutput.js';

/** The text in pieces of these sizes, again and again. */
function pieces(text: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const made: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    made.push(text.subarray(at, at + size));
    at += size;
  }
  return made;
}

test('gives what stands between the marks, however the output is cut', () => {
  // Pieces of the marks themselves, so that something nearly is one.
  const noise = fc.string({ unit: fc.constantFrom('\n', 'ab start', 'ab end', 'ab', ' ', 'e', 'x', '\nab end', 'é') });
  const inside = noise.filter((text) => !`${text}\n`.includes('\nab end\n'));
  const before = noise.filter((text) => !`${text}\n`.includes('\nab start\n'));
  fc.assert(
    fc.property(before, inside, noise, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), fc.nat(60), (first, middle, last, sizes, limit) => {
      const output = new MarkedOutput('ab start', 'ab end', limit);
      const bytes = Buffer.from(middle);
      for (const piece of pieces(Buffer.from(`${first}\nab start\n${middle}\nab end\n${last}`), sizes)) output.push(piece);
      expect(output.started).toBe(true);
      expect(Buffer.from(output.bytes()).equals(bytes.subarray(0, limit))).toBe(true);
      expect(output.truncated).toBe(bytes.length > limit);
    }),
    { seed: 4, numRuns: 1_000 },
  );
});

test('keeps the rest of an output that was cut off before its end', () => {
  const output = new MarkedOutput('s', 'the end', 100);
  output.push(Buffer.from('hello\ns\nabc\nthe e'));
  expect(Buffer.from(output.bytes()).toString()).toBe('abc\nthe e');
});

test('tells what came instead of a start, and holds no more of it than a reason needs', () => {
  const output = new MarkedOutput('start', 'end', 100);
  output.push(Buffer.from('not available\n'));
  expect(Buffer.from(output.greeting).toString()).toBe('not available\n');
  for (let turn = 0; turn < 100; turn++) output.push(Buffer.alloc(10_000, 'x'));
  expect(output.greeting.length).toBeLessThan(80_000);
  output.push(Buffer.from('\nstart\nyes\nend\n'));
  expect(Buffer.from(output.bytes()).toString()).toBe('yes');
});
