import type { Message } from '../message.js';

/** What a command's output says, and how a row of it is marked. */
export type Mark = 'ok' | 'loss' | 'risk' | 'harmless' | 'unknown';

/** A text of the host as it is, or words of ours that are translated at the edge. */
export type Cell = string | Message;

export interface InterpretedRow {
  /** Unique within its table. */
  readonly key: string;
  readonly cells: readonly Cell[];
  readonly mark: Mark | null;
}

export interface InterpretedTable {
  readonly caption: Message;
  readonly columns: readonly Message[];
  readonly rows: readonly InterpretedRow[];
  /** How many rows were left out. */
  readonly more: number;
}

/**
 * What a command's output means. `unknown` comes with a sentence that begins "Cannot tell, because". `loss` and `risk`
 * rest on what moved between two readings or on a state; never on a total since boot.
 */
export interface Interpretation {
  readonly verdict: Mark;
  readonly sentence: Message;
  readonly tables: readonly InterpretedTable[];
}

/** Both output streams as text, and the exit status (`null`: ended by a signal or by us). */
export interface CommandOutput {
  readonly output: string;
  readonly exit: number | null;
}

/** Reads one kind of output. Pure, never throws, takes time linear in the length of the text. */
export type Interpreter = (result: CommandOutput) => Interpretation;
