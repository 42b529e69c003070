import type { Message } from '../message.js';
import { lines, words } from '../parse/text.js';
import type { Cell, InterpretedRow, InterpretedTable, Interpretation, Mark } from './types.js';

/** Most rows of one table; the rest is counted. */
export const MOST_ROWS = 200;
/** Longest cell. */
const LONGEST_CELL = 256;
/** Stands on a line of its own between two readings of the same thing. */
const AGAIN = 'droplens-again';

const RANK: Readonly<Record<Mark, number>> = { loss: 0, risk: 1, unknown: 2, harmless: 3, ok: 4 };

/** An answer that could not be given. The sentence begins "Cannot tell, because". */
export function unknown(sentence: Message, tables: readonly InterpretedTable[] = []): Interpretation {
  return { verdict: 'unknown', sentence, tables };
}

/** The gravest of some marks; `ok` when there is none. */
export function worst(marks: Iterable<Mark | null>): Mark {
  let found: Mark = 'ok';
  for (const mark of marks) if (mark !== null && RANK[mark] < RANK[found]) found = mark;
  return found;
}

/** Text of the host made fit for a cell: one line, no control characters, not too long. */
export function clean(text: string): string {
  const cut = text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** Collects the rows of a table. */
export class TableBuilder {
  readonly #rows: InterpretedRow[] = [];
  readonly #keys = new Map<string, number>();
  #worst: Mark = 'ok';

  constructor(
    private readonly caption: Message,
    private readonly columns: readonly Message[],
  ) {}

  add(key: string, cells: readonly Cell[], mark: Mark | null = null): void {
    const name = clean(key);
    const seen = (this.#keys.get(name) ?? 0) + 1;
    this.#keys.set(name, seen);
    this.#worst = worst([this.#worst, mark]);
    this.#rows.push({
      key: seen === 1 ? name : `${name} #${seen}`,
      cells: cells.map((cell) => (typeof cell === 'string' ? clean(cell) : cell)),
      mark,
    });
  }

  get size(): number {
    return this.#rows.length;
  }

  /** The gravest mark of all rows, also of those that `build` leaves out. */
  get worst(): Mark {
    return this.#worst;
  }

  /** `worst-first` keeps the order of rows that are equally grave. */
  build(order: 'as-listed' | 'worst-first' = 'as-listed'): InterpretedTable {
    const rank = (row: InterpretedRow): number => (row.mark === null ? RANK.ok : RANK[row.mark]);
    const rows = order === 'as-listed' ? this.#rows : this.#rows.toSorted((a, b) => rank(a) - rank(b));
    return {
      caption: this.caption,
      columns: this.columns,
      rows: rows.slice(0, MOST_ROWS),
      more: Math.max(0, rows.length - MOST_ROWS),
    };
  }
}

/** The fields of every line that is not blank. */
export function* fieldLines(text: string): Generator<readonly string[], void, undefined> {
  for (const line of lines(text)) yield words(line.text);
}

/** A number as tools print it, never negative; `undefined` for anything else. */
export function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,20}(?:\.\d{0,12})?$/.test(text) ? Number(text) : undefined;
}

/** The parts of an output that holds one or two readings. */
export function readings(text: string): readonly [first: string, second: string | undefined] {
  const mark = `\n${AGAIN}\n`;
  const at = `\n${text}`.indexOf(mark);
  if (at < 0) return [text, undefined];
  return [text.slice(0, Math.max(at - 1, 0)), text.slice(at + mark.length - 1)];
}

/** A number with at most two digits behind the point. */
export function brief(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** A share in percent with at most two digits behind the point. */
export function percent(part: number, whole: number): string {
  return `${brief((part / whole) * 100)} %`;
}

/** Whether the host refused for want of rights. */
export function refused(output: string): boolean {
  return /permission denied|operation not permitted|must be root|are you root|requires root|not permitted/i.test(output.slice(0, 20_000));
}
