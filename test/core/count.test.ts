import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addCounts, changeOf, parseCount, parseHexCount, type Count } from '../../src/core/count.js';

const MAX_32 = 2n ** 32n - 1n;
const MAX_64 = 2n ** 64n - 1n;

/** As counters are kept: a number where that is exact, else a bigint. */
function kept(value: bigint): Count {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

describe('parseCount', () => {
  it.each([
    ['0', 0],
    ['007', 7],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['18446744073709551615', MAX_64],
  ])('%s', (text, value) => {
    expect(parseCount(text)).toBe(value);
  });

  it.each(['', '-1', '+1', '1.0', '1e3', ' 1', '1 ', '0x10', 'NaN', '18446744073709551616', '123456789012345678901', '１'])('refuses %j', (text) => {
    expect(parseCount(text)).toBeUndefined();
  });

  it('reads back every 64-bit count exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_64 }), (value) => {
        expect(parseCount(String(value))).toBe(kept(value));
        expect(parseHexCount(value.toString(16))).toBe(kept(value));
        expect(parseHexCount(value.toString(16).toUpperCase().padStart(16, '0'))).toBe(kept(value));
      }),
      { seed: 1 },
    );
  });
});

describe('parseHexCount', () => {
  it.each(['', 'g', '0x1', '-1', '11112222333344445', ' 1'])('refuses %j', (text) => {
    expect(parseHexCount(text)).toBeUndefined();
  });
});

describe('addCounts', () => {
  it('is exact at any size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_64 }), fc.bigInt({ min: 0n, max: MAX_64 }), (a, b) => {
        expect(addCounts(kept(a), kept(b))).toBe(kept(a + b));
      }),
      { seed: 2 },
    );
    expect(addCounts(Number.MAX_SAFE_INTEGER, 1)).toBe(9007199254740992n);
  });
});

describe('changeOf', () => {
  it.each<[string, Count, Count, ReturnType<typeof changeOf>]>([
    ['nothing', 5, 5, { kind: 'steady', delta: 0 }],
    ['growth', 5, 12, { kind: 'steady', delta: 7 }],
    ['growth across 2^32', 2 ** 32 - 1, 2 ** 32 + 1, { kind: 'steady', delta: 2 }],
    ['growth across 2^53', Number.MAX_SAFE_INTEGER, 9007199254740993n, { kind: 'steady', delta: 2 }],
    ['growth between bigints', MAX_64 - 10n, MAX_64, { kind: 'steady', delta: 10 }],
    ['a wrap at 32 bits', 2 ** 32 - 3, 4, { kind: 'wrapped', delta: 7, bits: 32 }],
    ['a wrap from the last 32-bit value to 0', 2 ** 32 - 1, 0, { kind: 'wrapped', delta: 1, bits: 32 }],
    ['a wrap at 64 bits', MAX_64 - 2n, 4, { kind: 'wrapped', delta: 7, bits: 64 }],
    ['a wrap from the last 64-bit value to 0', MAX_64, 0, { kind: 'wrapped', delta: 1, bits: 64 }],
    ['a reset of a small counter', 1000, 3, { kind: 'reset' }],
    ['a reset below half of 32 bits', 2 ** 31 - 1, 0, { kind: 'reset' }],
    ['a fall within the upper half of 32 bits', 2 ** 32 - 1, 2 ** 31, { kind: 'reset' }],
    ['a reset between 2^32 and 2^63', 2 ** 40, 5, { kind: 'reset' }],
    ['a fall within the upper half of 64 bits', MAX_64, 2n ** 63n, { kind: 'reset' }],
  ])('%s', (_, before, after, change) => {
    expect(changeOf(before, after)).toEqual(change);
  });

  it('gives what was added, for any growth without a wrap', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_64 }), fc.nat(), (before, added) => {
        fc.pre(before + BigInt(added) <= MAX_64);
        expect(changeOf(kept(before), kept(before + BigInt(added)))).toEqual({ kind: 'steady', delta: added });
      }),
      { seed: 3 },
    );
  });

  it.each([
    [32, MAX_32],
    [64, MAX_64],
  ] as const)('gives what was added across a wrap at %i bits', (bits, max) => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1_000_000n }), fc.bigInt({ min: 0n, max: 1_000_000n }), (below, above) => {
        const change = changeOf(kept(max - below), kept(above));
        expect(change).toEqual({ kind: 'wrapped', delta: Number(below + 1n + above), bits });
      }),
      { seed: 4 },
    );
  });

  it('never gives a negative or unsafe increase', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_64 }), fc.bigInt({ min: 0n, max: MAX_64 }), (a, b) => {
        const change = changeOf(kept(a), kept(b));
        if (change.kind === 'reset') expect(b < a).toBe(true);
        else {
          expect(change.delta).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(change.delta)).toBe(true);
          expect(change.kind === 'steady').toBe(b >= a);
        }
      }),
      { seed: 5, numRuns: 1_000 },
    );
  });
});
