/** What is being waited for: the host's answer, or a person's. */
export type Waiting = 'host' | 'person';

/**
 * Two time limits over one piece of work: a short one while the host is to answer, a long one while a prompt is open.
 * Every change of side starts that side's limit anew, so that a slow typist does not use up the host's time.
 */
export class Deadline {
  private timer: NodeJS.Timeout | undefined;
  private prompts = 0;
  private ended = false;

  constructor(
    private readonly limits: { readonly hostMs: number; readonly personMs: number },
    private readonly expired: (waiting: Waiting) => void,
  ) {
    this.restart();
  }

  /** Runs a question to a person under the long limit. */
  async whileAsking<T>(question: () => Promise<T>): Promise<T> {
    this.prompts++;
    this.restart();
    try {
      return await question();
    } finally {
      this.prompts--;
      this.restart();
    }
  }

  /** Ends the watch; `expired` is not called any more. */
  stop(): void {
    this.ended = true;
    clearTimeout(this.timer);
  }

  private restart(): void {
    clearTimeout(this.timer);
    if (this.ended) return;
    const waiting: Waiting = this.prompts > 0 ? 'person' : 'host';
    const ms = waiting === 'person' ? this.limits.personMs : this.limits.hostMs;
    this.timer = setTimeout(() => this.expired(waiting), ms);
  }
}
