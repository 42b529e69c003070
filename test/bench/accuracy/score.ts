import { LAYERS, type Layer } from '../../../src/core/layers.js';

/** What one tool said about one watched window: its answers in order, each with the causes that it may claim. */
export type Answers = readonly (readonly string[])[];

/** One watched window of a fault. */
export interface Judged {
  readonly fault: string;
  readonly layer: Layer;
  /** The right cause; of two faults at once, both. */
  readonly causes: readonly string[];
  readonly answers: ReadonlyMap<string, Answers>;
}

export interface Recall {
  readonly faults: number;
  readonly first: number;
  readonly topThree: number;
}

const named = (answers: Answers, cause: string, places: number): boolean =>
  answers.slice(0, places).some((claims) => claims.includes(cause));

/** How often a tool named the right cause first, and among its first three answers. */
export function recallOf(tool: string, runs: readonly Judged[]): Recall {
  const hits = (places: number): number =>
    runs.filter(({ answers, causes: [cause = ''] }) => named(answers.get(tool) ?? [], cause, places)).length;
  return { faults: runs.length, first: hits(1), topThree: hits(3) };
}

/** How often a tool named both causes of two faults at once. */
export function bothOf(tool: string, runs: readonly Judged[]): number {
  return runs.filter(({ answers, causes }) => causes.every((cause) => named(answers.get(tool) ?? [], cause, Infinity))).length;
}

/** The runs of each layer that has any, from the application down. */
export function byLayer(runs: readonly Judged[]): readonly (readonly [Layer, readonly Judged[]])[] {
  return LAYERS.map((layer) => [layer, runs.filter((run) => run.layer === layer)] as const).filter(([, of]) => of.length > 0);
}
