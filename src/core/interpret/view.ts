import type { Message } from '../message.js';
import type { Interpretation, Mark } from './types.js';

/** An interpretation in one language: plain data, in the shape in which the runbook's page shows it. */
export interface InterpretationView {
  readonly verdict: Mark;
  readonly sentence: string;
  readonly tables: {
    caption: string;
    columns: string[];
    rows: { key: string; cells: string[]; mark: Mark | null }[];
    more: number;
  }[];
}

/** Translates everything that is ours in an interpretation; what came from the host stays as it is. */
export function viewOf(interpretation: Interpretation, translate: (message: Message) => string): InterpretationView {
  return {
    verdict: interpretation.verdict,
    sentence: translate(interpretation.sentence),
    tables: interpretation.tables.map((table) => ({
      caption: translate(table.caption),
      columns: table.columns.map(translate),
      rows: table.rows.map((row) => ({
        key: row.key,
        cells: row.cells.map((cell) => (typeof cell === 'string' ? cell : translate(cell))),
        mark: row.mark,
      })),
      more: table.more,
    })),
  };
}
