/**
 * A kernel counter value. Counters are up to 64 bits wide; values beyond 2^53 - 1 are kept as bigint so that
 * differences stay exact.
 */
export type Count = number | bigint;

/** What happened to a counter between two readings. `lost` means no trustworthy difference exists. */
export type CountChange =
  | { readonly kind: 'steady'; readonly delta: number }
  | { readonly kind: 'wrapped'; readonly delta: number; readonly bits: 32 | 64 }
  | { readonly kind: 'reset' };

const TWO_32 = 2n ** 32n;
const TWO_64 = 2n ** 64n;

/** Parses an unsigned decimal counter; `undefined` when the text is not one (a negative or garbled value is not a count). */
export function parseCount(text: string): Count | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  const wide = BigInt(text);
  return wide < TWO_64 ? wide : undefined;
}

/** Parses an unsigned hexadecimal counter of at most 64 bits, as softnet_stat and /proc/net/stat/* print them. */
export function parseHexCount(text: string): Count | undefined {
  if (!/^[0-9a-f]{1,16}$/i.test(text)) return undefined;
  const wide = BigInt(`0x${text}`);
  return wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : wide;
}

/** Adds counts, returning a number whenever it is exact. */
export function addCounts(a: Count, b: Count): Count {
  const sum = BigInt(a) + BigInt(b);
  return sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) : sum;
}

/**
 * The increase of a counter between two readings of one boot.
 *
 * A value that fell either wrapped or was reset (module reload, interface made anew). It is taken as a wrap only when
 * the old value was in the upper half of the counter's range and the new one is in the lower half: between two
 * readings seconds apart nothing else is plausible. 32-bit counters exist on 32-bit kernels and in files that print
 * `unsigned int` (softnet_stat, per-CPU nf_conntrack); 64-bit ones everywhere else.
 */
export function changeOf(before: Count, after: Count): CountChange {
  // Nearly every counter is small enough to be exact as a number, and nearly none ever falls.
  if (typeof before === 'number' && typeof after === 'number' && after >= before) return { kind: 'steady', delta: after - before };
  const from = BigInt(before);
  const to = BigInt(after);
  if (to >= from) return { kind: 'steady', delta: Number(to - from) };
  if (from < TWO_32 && from >= TWO_32 / 2n && to < TWO_32 / 2n) {
    return { kind: 'wrapped', delta: Number(TWO_32 - from + to), bits: 32 };
  }
  if (from >= TWO_64 / 2n && to < TWO_64 / 2n) {
    return { kind: 'wrapped', delta: Number(TWO_64 - from + to), bits: 64 };
  }
  return { kind: 'reset' };
}
