/** Time as the painter needs it; milliseconds. */
export interface Clock {
  now(): number;
  /** Calls once after `ms`; the result cancels. */
  after(ms: number, call: () => void): () => void;
}

/**
 * Gathers rows that changed and paints them together: at once when something urgent is among them, else at most once
 * per `everyMs`, so that a screen reader and an eye can follow.
 */
export class Painter {
  readonly #waiting = new Set<string>();
  #last = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly everyMs: number,
    private readonly paint: (keys: ReadonlySet<string>) => void,
  ) {}

  add(keys: Iterable<string>, urgent: boolean): void {
    for (const key of keys) this.#waiting.add(key);
    if (this.#waiting.size === 0) return;
    const wait = this.#last + this.everyMs - this.clock.now();
    if (urgent || wait <= 0) this.flush();
    else this.#cancel ??= this.clock.after(wait, () => this.flush());
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#waiting.size === 0) return;
    const keys = new Set(this.#waiting);
    this.#waiting.clear();
    this.#last = this.clock.now();
    this.paint(keys);
  }

  dispose(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#waiting.clear();
  }
}
