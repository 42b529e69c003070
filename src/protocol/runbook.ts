import * as v from 'valibot';
import { LAYERS } from '../core/layers.js';

export const Risk = v.picklist(['read-only', 'load', 'changes', 'disruptive']);
export type Risk = v.InferOutput<typeof Risk>;

/** A value that a command needs from the person. */
export const ParamSpec = v.object({
  name: v.picklist(['HOST', 'INTERFACE', 'PPROF_URL', 'PORT', 'SECONDS', 'SIZE']),
  title: v.string(),
  placeholder: v.string(),
  /** Live choices (interfaces); empty: free text. */
  choices: v.array(v.string()),
});
export type ParamSpec = v.InferOutput<typeof ParamSpec>;

export const RunbookCommand = v.object({
  id: v.string(),
  label: v.string(),
  /** The block's text, for reading only: it is never sent back. */
  text: v.string(),
  risk: Risk,
  undo: v.nullable(v.string()),
  params: v.array(ParamSpec),
  /** The id of the fix that does the same with undo and proof; it is applied in place of running the block. */
  fix: v.nullable(v.string()),
});
export type RunbookCommand = v.InferOutput<typeof RunbookCommand>;

/** A piece of a step in document order: prose (HTML made by our own renderer from our own file) or a command. */
export const RunbookPart = v.variant('kind', [
  v.object({ kind: v.literal('prose'), html: v.string() }),
  v.object({ kind: v.literal('command'), command: RunbookCommand }),
]);
export type RunbookPart = v.InferOutput<typeof RunbookPart>;

export const RunbookStep = v.object({
  id: v.string(),
  title: v.string(),
  layer: v.nullable(v.picklist(LAYERS)),
  parts: v.array(RunbookPart),
});
export type RunbookStep = v.InferOutput<typeof RunbookStep>;

/** Server → extension → webview: a runbook ready to show. A cause's body is one step with the cause's id. */
export const RunbookDocument = v.object({
  id: v.string(),
  title: v.string(),
  /** Changes when the file changes; a run request for another hash is refused. */
  hash: v.string(),
  intro: v.string(),
  steps: v.array(RunbookStep),
});
export type RunbookDocument = v.InferOutput<typeof RunbookDocument>;

export const StepVerdict = v.picklist(['ok', 'loss', 'risk', 'harmless', 'unknown']);
export type StepVerdict = v.InferOutput<typeof StepVerdict>;

/** A small table: live counters of a step, or the interpreted output of a command. Cells are plain text. */
export const TableView = v.object({
  caption: v.string(),
  columns: v.array(v.string()),
  rows: v.array(v.object({ key: v.string(), cells: v.array(v.string()), mark: v.nullable(StepVerdict) })),
  /** How many rows were left out. */
  more: v.number(),
});
export type TableView = v.InferOutput<typeof TableView>;

/** A cause that holds, or could not be decided, at a step. */
export const StepCause = v.object({
  cause: v.string(),
  title: v.string(),
  verdict: StepVerdict,
  text: v.string(),
});
export type StepCause = v.InferOutput<typeof StepCause>;

/** Live state of one step. `why` is one sentence. */
export const StepState = v.object({
  step: v.string(),
  verdict: StepVerdict,
  why: v.string(),
  causes: v.array(StepCause),
  tables: v.array(TableView),
});
export type StepState = v.InferOutput<typeof StepState>;

/** Server → extension: the steps whose state changed. */
export const RunbookUpdate = v.object({
  target: v.string(),
  runbook: v.string(),
  host: v.string(),
  steps: v.array(StepState),
});
export type RunbookUpdate = v.InferOutput<typeof RunbookUpdate>;

/** What a command printed, and what it means. */
export const RunResult = v.variant('kind', [
  v.object({
    kind: v.literal('done'),
    /** Exit status, `null` when it was ended by us or by a signal. */
    exit: v.nullable(v.number()),
    seconds: v.number(),
    /** Output with escape sequences removed, capped. */
    output: v.string(),
    truncated: v.boolean(),
    /** `unknown` with a sentence beginning "Cannot tell, because" when the output could not be understood. */
    verdict: v.nullable(StepVerdict),
    sentence: v.string(),
    tables: v.array(TableView),
  }),
  /** Not run: a tool is missing, the document changed, a parameter is not acceptable … */
  v.object({ kind: v.literal('refused'), why: v.string(), how: v.nullable(v.string()) }),
  v.object({ kind: v.literal('cancelled') }),
]);
export type RunResult = v.InferOutput<typeof RunResult>;
