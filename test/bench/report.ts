/** What is measured, built and packaged. */
export interface Product {
  readonly root: string;
  /** Bytes by file, relative to the root. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Bytes that a file must stay below. */
  readonly budgets: Readonly<Record<string, number>>;
}

/** One number that was measured. */
export interface Result {
  readonly what: string;
  readonly measured: string;
  /** What it is held to; `undefined` for a number that explains another one. */
  readonly target?: { readonly text: string; readonly met: boolean };
}

/** The results of one part of the bench. */
export interface Section {
  readonly title: string;
  /** How it was measured, in a few sentences. */
  readonly method: readonly string[];
  readonly results: readonly Result[];
}

/** A result that is held to "at most". */
export function atMost(what: string, value: number, limit: number, format: (value: number) => string): Result {
  return { what, measured: format(value), target: { text: `≤ ${format(limit)}`, met: value <= limit } };
}

export function info(what: string, measured: string): Result {
  return { what, measured };
}

export const ms = (value: number): string => `${value.toFixed(2)} ms`;
export const times = (value: number): string => `${value.toFixed(2)} ×`;
export const bytes = (value: number): string => (value < 1000 ? `${Math.round(value)} B` : `${(value / 1000).toFixed(1)} kB`);

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/** `median (lowest … highest)`. */
export function spread(values: readonly number[], format: (value: number) => string): string {
  return `${format(median(values))} (${format(Math.min(...values))} … ${format(Math.max(...values))})`;
}

export function printSection({ title, method, results }: Section): void {
  console.log(`\n${title}`);
  for (const line of method) console.log(`  # ${line}`);
  const width = Math.max(...results.map(({ what }) => what.length));
  const values = Math.max(...results.map(({ measured }) => measured.length));
  for (const { what, measured, target } of results) {
    const held = target === undefined ? '' : `  target ${target.text}: ${target.met ? 'ok' : 'missed'}`;
    console.log(`  ${what.padEnd(width)}  ${measured.padStart(values)}${held}`);
  }
}

/** How many targets were met, and which were not. */
export function summary(sections: readonly Section[]): string {
  const held = sections.flatMap(({ results }) => results.flatMap(({ what, target }) => (target === undefined ? [] : [{ what, met: target.met }])));
  const missed = held.filter(({ met }) => !met);
  const lines = [`\n${held.length - missed.length} of ${held.length} targets met`, ...missed.map(({ what }) => `missed: ${what}`)];
  return lines.join('\n');
}
