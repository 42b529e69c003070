/** How often a crashed server is started again: `count` times within `windowMs`. */
export class RestartBudget {
  readonly #times: number[] = [];

  constructor(
    private readonly count: number,
    private readonly windowMs: number,
  ) {}

  /** Notes a crash at `now` (milliseconds); `true` when another start is within the budget. */
  allows(now: number): boolean {
    this.#times.push(now);
    while (this.#times.length > 0 && (this.#times[0] ?? now) <= now - this.windowMs) this.#times.shift();
    return this.#times.length <= this.count;
  }
}
