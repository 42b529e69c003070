/** Hands out a limited number of places; who comes when all are taken waits in order. */
export class ChannelLimit {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];
  private places: number;

  constructor(private readonly most: number) {
    this.places = most;
  }

  /** Waits for a place. Rejects with `signal.reason` when aborted before there was one. */
  acquire(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(asError(signal.reason));
    if (this.taken < this.places) {
      this.taken++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const given = (): void => {
        signal?.removeEventListener('abort', aborted);
        this.taken++;
        resolve();
      };
      const aborted = (): void => {
        this.waiting.splice(this.waiting.indexOf(given), 1);
        reject(asError(signal?.reason));
      };
      signal?.addEventListener('abort', aborted, { once: true });
      this.waiting.push(given);
    });
  }

  /** Gives a place back; the first who waits gets it. */
  release(): void {
    this.taken--;
    this.serve();
  }

  /** Takes one place more for possible: what the server refused it may allow later, for it counts what is still ending. */
  tryMore(): void {
    this.places = Math.min(this.most, this.places + 1);
    this.serve();
  }

  /**
   * The server has fewer places than were assumed: gives the caller's place back and lowers the limit to what is in
   * use. Answers whether anybody holds a place.
   */
  refused(): boolean {
    this.taken--;
    this.places = Math.min(this.places, this.taken);
    return this.taken > 0;
  }

  private serve(): void {
    while (this.taken < this.places) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      next();
    }
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted');
}
