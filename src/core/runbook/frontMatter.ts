import { isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml';
import { Positions, type Problem } from './problem.js';

/** A string in the front matter and where it stands in the file. */
export interface Placed {
  readonly text: string;
  /** Offset of the value's first character in the file. */
  readonly start: number;
  readonly end: number;
}

/** The YAML head of a runbook: reads keys, remembers where they are, gathers what is wrong with them. */
export class FrontMatter {
  readonly problems: Problem[] = [];
  /** The Markdown after the front matter. */
  readonly body: string;
  /** Line of the file on which the body begins, from 0. */
  readonly bodyLine: number;
  readonly #positions: Positions;
  readonly #map: YAMLMap | undefined;
  readonly #offset: number;
  readonly #used = new Set<string>();

  constructor(file: string) {
    this.#positions = new Positions(file);
    const match = /^---\r?\n([\s\S]*?)^---[ \t]*\r?(?:\n|$)/m.exec(file);
    if (!match || match.index !== 0) {
      this.body = file;
      this.bodyLine = 0;
      this.#map = undefined;
      this.#offset = 0;
      this.problems.push(this.#positions.problem('A runbook begins with a front matter between two lines of ---.', 0, 3));
      return;
    }
    const head = match[1] ?? '';
    this.#offset = match[0].indexOf('\n') + 1;
    this.body = file.slice(match[0].length);
    this.bodyLine = match[0].split('\n').length - 1;
    const document = parseDocument(head, { strict: true, maxAliasCount: 0 } as Parameters<typeof parseDocument>[1]);
    for (const error of document.errors) {
      this.problemAt(error.message.split('\n', 1)[0] ?? 'not valid YAML', this.#offset + error.pos[0], this.#offset + error.pos[1]);
    }
    this.#map = isMap(document.contents) ? document.contents : undefined;
    if (!this.#map) this.problemAt('The front matter is a list of "key: value" lines.', this.#offset, this.#offset + head.length);
  }

  /** A string value; missing ones are reported when `required`. */
  text(key: string, required: boolean): Placed | undefined {
    const node = this.#node(key);
    if (node === undefined) {
      if (required) this.problemAt(`The key "${key}" is missing.`, 0, 3);
      return undefined;
    }
    if (isScalar(node) && (typeof node.value === 'string' || typeof node.value === 'number' || typeof node.value === 'boolean')) {
      return this.#placed(node.value, node.range);
    }
    this.problemAt(`"${key}" is a text.`, ...this.#range(node));
    return undefined;
  }

  /** A list of strings; an absent key is an empty list. */
  list(key: string): readonly Placed[] {
    const node = this.#node(key);
    if (node === undefined) return [];
    if (!isSeq(node)) {
      this.problemAt(`"${key}" is a list.`, ...this.#range(node));
      return [];
    }
    const result: Placed[] = [];
    for (const item of node.items) {
      if (isScalar(item) && typeof item.value === 'string') result.push(this.#placed(item.value, item.range));
      else this.problemAt(`"${key}" is a list of texts.`, ...this.#range(item));
    }
    return result;
  }

  /** A map of texts; an absent key is an empty one. */
  entries(key: string): readonly (readonly [string, Placed])[] {
    const node = this.#node(key);
    if (node === undefined) return [];
    if (!isMap(node)) {
      this.problemAt(`"${key}" is a list of "name: expression" lines.`, ...this.#range(node));
      return [];
    }
    return node.items.flatMap((pair): (readonly [string, Placed])[] => {
      const name = isScalar(pair.key) ? pair.key.value : undefined;
      const { value } = pair;
      if (typeof name === 'string' && isScalar(value) && typeof value.value === 'string') return [[name, this.#placed(value.value, value.range)]];
      this.problemAt(`"${key}" is a list of "name: expression" lines.`, ...this.#range(pair.key));
      return [];
    });
  }

  /** A text that must be one of a few. */
  choice<T extends string>(key: string, choices: readonly T[], fallback?: T): T | undefined {
    const placed = this.text(key, fallback === undefined);
    if (placed === undefined) return fallback;
    const found = choices.find((choice) => choice === placed.text);
    if (found === undefined) {
      this.problemAt(`"${placed.text}" is not one of ${choices.join(', ')}.`, placed.start, placed.end);
    }
    return found;
  }

  /** Reports keys that nobody asked for. Call it last. */
  finish(): void {
    for (const pair of this.#map?.items ?? []) {
      if (isScalar(pair.key) && typeof pair.key.value === 'string' && !this.#used.has(pair.key.value)) {
        this.problemAt(`Unknown key "${pair.key.value}".`, ...this.#range(pair.key));
      }
    }
  }

  problemAt(message: string, start: number, end: number): void {
    this.problems.push(this.#positions.problem(message, start, end));
  }

  #node(key: string): unknown {
    this.#used.add(key);
    return this.#map?.get(key, true);
  }

  #range(node: unknown): [number, number] {
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    if (!Array.isArray(range)) return [0, 3];
    const [start, end] = range as readonly unknown[];
    return [this.#offset + (typeof start === 'number' ? start : 0), this.#offset + (typeof end === 'number' ? end : 0)];
  }

  #placed(value: string | number | boolean, range: readonly number[] | null | undefined): Placed {
    const start = this.#offset + (range?.[0] ?? 0);
    // A quoted value begins after its quote; positions inside block scalars are those of the whole value.
    return { text: String(value), start, end: this.#offset + (range?.[1] ?? 0) };
  }
}
