import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';

/** A string in the front matter and where it stands in the file. */
export interface Placed {
  readonly text: string;
  /** Offset of the value's first character in the file. */
  readonly start: number;
  readonly end: number;
}

/** Takes what is wrong, with its place in the file as offsets. */
export type Complain = (message: string, start: number, end: number) => void;

/** The keys of one YAML map: reads them, remembers which were asked for, complains about what is wrong with them. */
export class Fields {
  readonly #map: YAMLMap | undefined;
  readonly #offset: number;
  readonly #complain: Complain;
  readonly #used = new Set<string>();

  /** `offset`: where the YAML text begins in the file. */
  constructor(map: YAMLMap | undefined, offset: number, complain: Complain) {
    this.#map = map;
    this.#offset = offset;
    this.#complain = complain;
  }

  /** A string value; missing ones are reported when `required`. */
  text(key: string, required: boolean): Placed | undefined {
    const node = this.#node(key);
    if (node === undefined) {
      if (required) this.#complain(`The key "${key}" is missing.`, ...this.#whole());
      return undefined;
    }
    if (isScalar(node) && (typeof node.value === 'string' || typeof node.value === 'number' || typeof node.value === 'boolean')) {
      return this.#placed(node.value, node.range);
    }
    this.#complain(`"${key}" is a text.`, ...this.#range(node));
    return undefined;
  }

  /** A list of strings; an absent key is an empty list. */
  list(key: string): readonly Placed[] {
    const node = this.#node(key);
    if (node === undefined) return [];
    if (!isSeq(node)) {
      this.#complain(`"${key}" is a list.`, ...this.#range(node));
      return [];
    }
    const result: Placed[] = [];
    for (const item of node.items) {
      if (isScalar(item) && typeof item.value === 'string') result.push(this.#placed(item.value, item.range));
      else this.#complain(`"${key}" is a list of texts.`, ...this.#range(item));
    }
    return result;
  }

  /** A map of texts; an absent key is an empty one. */
  entries(key: string): readonly (readonly [string, Placed])[] {
    const node = this.#node(key);
    if (node === undefined) return [];
    if (!isMap(node)) {
      this.#complain(`"${key}" is a list of "name: expression" lines.`, ...this.#range(node));
      return [];
    }
    return node.items.flatMap((pair): (readonly [string, Placed])[] => {
      const name = isScalar(pair.key) ? pair.key.value : undefined;
      const { value } = pair;
      if (typeof name === 'string' && isScalar(value) && typeof value.value === 'string') return [[name, this.#placed(value.value, value.range)]];
      this.#complain(`"${key}" is a list of "name: expression" lines.`, ...this.#range(pair.key));
      return [];
    });
  }

  /** A list of maps; an absent key is an empty list. */
  maps(key: string): readonly Fields[] {
    const node = this.#node(key);
    if (node === undefined) return [];
    if (!isSeq(node)) {
      this.#complain(`"${key}" is a list.`, ...this.#range(node));
      return [];
    }
    return node.items.flatMap((item) => {
      if (isMap(item)) return [new Fields(item, this.#offset, this.#complain)];
      this.#complain(`"${key}" is a list of maps ("key: value" lines).`, ...this.#range(item));
      return [];
    });
  }

  /** A text that must be one of a few. */
  choice<T extends string>(key: string, choices: readonly T[], fallback?: T): T | undefined {
    const placed = this.text(key, fallback === undefined);
    if (placed === undefined) return fallback;
    const found = choices.find((choice) => choice === placed.text);
    if (found === undefined) {
      this.#complain(`"${placed.text}" is not one of ${choices.join(', ')}.`, placed.start, placed.end);
    }
    return found;
  }

  /** Reports keys that nobody asked for. Call it last. */
  finish(): void {
    for (const pair of this.#map?.items ?? []) {
      if (isScalar(pair.key) && typeof pair.key.value === 'string' && !this.#used.has(pair.key.value)) {
        this.#complain(`Unknown key "${pair.key.value}".`, ...this.#range(pair.key));
      }
    }
  }

  #node(key: string): unknown {
    this.#used.add(key);
    return this.#map?.get(key, true);
  }

  /** Where the map itself stands; a file without one has its first line. */
  #whole(): [number, number] {
    const [start] = this.#range(this.#map);
    return this.#map === undefined || start === this.#offset ? [0, 3] : [start, start + 1];
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
