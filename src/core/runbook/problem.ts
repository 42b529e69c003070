/** Something wrong in a runbook file. Lines and columns count from 0, as the Language Server Protocol does. */
export interface Problem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Turns character offsets of one text into lines and columns. */
export class Positions {
  readonly #starts: readonly number[];

  constructor(text: string) {
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
  }

  problem(message: string, start: number, end: number): Problem {
    const from = this.#at(start);
    const to = this.#at(Math.max(start, end));
    return { message, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
  }

  #at(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: offset - (this.#starts[low] ?? 0) };
  }
}

/** A problem that covers one whole line. */
export function lineProblem(message: string, line: number): Problem {
  return { message, line, column: 0, endLine: line, endColumn: 200 };
}

/** Problems in the order in which a reader meets them. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}
