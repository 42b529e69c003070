import { TransportError } from '../collect/transport.js';
import { english, msg } from '../core/message.js';

/**
 * One try at something that several callers wait for. Each may leave with its own signal; when the last one has left,
 * the try itself is given up.
 */
export class Attempt<T> {
  /** Whether the one who started it could be asked questions. */
  readonly interactive: boolean;
  readonly #end = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;

  constructor(interactive: boolean, work: (signal: AbortSignal) => Promise<T>) {
    this.interactive = interactive;
    this.#result = work(this.#end.signal);
    // Whoever waits is told; when nobody does any more, there is nobody to tell.
    this.#result.catch(() => undefined);
  }

  /** Whether it was given up, so that a newcomer must not wait for it. */
  get abandoned(): boolean {
    return this.#end.signal.aborted;
  }

  abandon(): void {
    this.#end.abort();
  }

  /**
   * Waits for the result. Rejects with a TransportError `cancelled` when `signal` fires first. A caller in the background
   * does not keep alive what was started for a person: the questions on the screen go when the person has left.
   */
  async join(interactive: boolean, signal: AbortSignal | undefined): Promise<T> {
    if (this.interactive && !interactive) return this.#result;
    if (signal?.aborted === true) throw cancelled();
    this.#waiting += 1;
    if (signal === undefined) return this.#result;
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting -= 1;
        if (this.#waiting === 0) this.abandon();
        reject(cancelled());
      };
      signal.addEventListener('abort', leave, { once: true });
      void this.#result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }
}

function cancelled(): TransportError {
  return new TransportError('cancelled', english(msg('Cancelled.')));
}
