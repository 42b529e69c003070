import { addCounts, parseCount, type Count } from '../count.js';
import type { FactsBuilder } from '../facts.js';
import { english, msg, type Message } from '../message.js';

/** Most interfaces that one source may list; a host with more shows the first ones. */
export const MAX_INTERFACES = 5_000;
/** Most rows of any other table that one source may list. */
export const MAX_ROWS = 10_000;
/** Most named values that one row, or one host-wide group, may hold. */
export const MAX_VALUES = 10_000;
/** Longest name of a counter, interface or process that is believed. */
export const MAX_NAME = 256;

/** A line that has something on it, with its number counted from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** The lines that are not blank. Only a line feed ends a line: names from the host may hold any other character. */
export function* lines(text: string): Generator<Line, void, undefined> {
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf('\n', start);
    const end = feed < 0 ? text.length : feed;
    number += 1;
    const line = text.slice(start, end);
    if (!isBlank(line)) yield { number, text: line };
    start = end + 1;
  }
}

function isBlank(line: string): boolean {
  for (let i = 0; i < line.length; i += 1) {
    const code = line.charCodeAt(i);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return false;
  }
  return true;
}

/**
 * The fields of a line. Only space and tab separate: the kernel refuses ASCII white space in interface names, but not
 * other white space of Unicode.
 */
export function words(line: string): string[] {
  return line.split(/[ \t\r]+/).filter((word) => word !== '');
}

/** Reads a level: a decimal number, perhaps negative or with a fraction; `undefined` when the text is not one. */
export function parseLevel(text: string): number | undefined {
  return /^-?\d{1,20}(?:\.\d{1,12})?$/.test(text) ? Number(text) : undefined;
}

/** Notes in `facts` what could not be understood. */
export function note(facts: FactsBuilder, message: Message): void {
  facts.problem(english(message));
}

/** Notes a value that is not a number. */
export function noteGarbled(facts: FactsBuilder, line: number): void {
  note(facts, msg('Line {0}: a value is not a number.', line));
}

/** Notes a line whose form is unknown. */
export function noteUnknown(facts: FactsBuilder, line: number): void {
  note(facts, msg('Line {0}: not understood.', line));
}

/** Notes that the text holds nothing at all where something must be. */
export function noteEmpty(facts: FactsBuilder): void {
  note(facts, msg('The text is empty.'));
}

/** Sets a counter from its decimal text; a garbled value is noted and left out. */
export function putCount(facts: FactsBuilder, into: Map<string, Count>, name: string, text: string, line: number): void {
  const value = parseCount(text);
  if (value === undefined) noteGarbled(facts, line);
  else into.set(name, value);
}

/** Sets a level from its decimal text; a garbled value is noted and left out. */
export function putLevel(facts: FactsBuilder, into: Map<string, number>, name: string, text: string, line: number): void {
  const value = parseLevel(text);
  if (value === undefined) noteGarbled(facts, line);
  else into.set(name, value);
}

/** Adds to a counter that the source lists in parts (per CPU, per queue). */
export function addTo(into: Map<string, Count>, name: string, value: Count): void {
  into.set(name, addCounts(into.get(name) ?? 0, value));
}

/**
 * Counts rows against a limit. `take()` is false from the first row beyond it, which is noted once; the caller skips
 * the row.
 */
export class RowLimit {
  readonly #names = new Set<string>();
  #taken = 0;
  #noted = false;

  constructor(
    private readonly facts: FactsBuilder,
    private readonly most: number,
  ) {}

  take(): boolean {
    if (this.#taken < this.most) {
      this.#taken += 1;
      return true;
    }
    if (!this.#noted) note(this.facts, msg('Only the first {0} entries are shown.', this.most));
    this.#noted = true;
    return false;
  }

  /** The same for a thing that several lines speak of: it is counted once. */
  takeNamed(name: string): boolean {
    if (this.#names.has(name)) return true;
    if (!this.take()) return false;
    this.#names.add(name);
    return true;
  }
}

/** Gives each thing of a table its own key: repeated ones get ` #2`, ` #3` … in the order of the source. */
export class KeyNumbers {
  readonly #seen = new Map<string, number>();

  next(key: string): string {
    const count = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, count);
    return count === 1 ? key : `${key} #${count}`;
  }
}
