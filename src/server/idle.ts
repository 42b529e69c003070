/** A connection that nobody uses is closed after this time; it is made again when somebody wants it. */
export const IDLE_MS = 10 * 60_000;

/** Counts who uses a connection, and the time in which nobody does. */
export class Idle {
  readonly #over: () => void;
  #holds = 0;
  #counting = false;
  #timer: NodeJS.Timeout | undefined;

  /** `over` is called when nobody has used the connection for {@link IDLE_MS}. */
  constructor(over: () => void) {
    this.#over = over;
  }

  /** Whether somebody holds the connection. */
  get held(): boolean {
    return this.#holds > 0;
  }

  /** Keeps the connection until the result is called: a terminal is open, a command runs. */
  hold(): () => void {
    let held = true;
    this.#holds += 1;
    this.#restart();
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      this.#restart();
    };
  }

  /** Whether there is a connection that is closed when nobody holds it. */
  set counting(counting: boolean) {
    this.#counting = counting;
    this.#restart();
  }

  #restart(): void {
    clearTimeout(this.#timer);
    if (this.#counting && this.#holds === 0) this.#timer = setTimeout(this.#over, IDLE_MS);
  }
}
