/** Beyond this a greeting is not kept any more, in bytes. */
const GREETING_LIMIT = 65_536;

/**
 * What a program printed between two lines that nobody else can know, cut to a limit. What stands around them is a login
 * shell's: a greeting before, the word of an exit trap after. The newline before the closing line belongs to it.
 */
export class MarkedOutput {
  readonly #start: Buffer;
  readonly #end: Buffer;
  readonly #limit: number;
  readonly #kept: Buffer[] = [];
  #state: 'before' | 'inside' | 'after' = 'before';
  /** Before the start: what came. Inside: what may be the beginning of the closing line. */
  #held: Buffer = Buffer.alloc(0);
  #size = 0;

  constructor(start: string, end: string, limit: number) {
    this.#start = Buffer.from(`\n${start}\n`);
    this.#end = Buffer.from(`\n${end}\n`);
    this.#limit = limit;
  }

  get started(): boolean {
    return this.#state !== 'before';
  }

  /** Whether there was more than the limit. */
  get truncated(): boolean {
    return this.#size > this.#limit;
  }

  /** What came before the start: all, or its end when it was long. */
  get greeting(): Uint8Array {
    return this.started ? new Uint8Array() : this.#held;
  }

  push(chunk: Uint8Array): void {
    if (this.#state === 'after') return;
    const text = Buffer.concat([this.#held, chunk]);
    if (this.#state === 'inside') {
      this.#inside(text);
      return;
    }
    const at = text.indexOf(this.#start);
    if (at >= 0) {
      this.#state = 'inside';
      this.#inside(text.subarray(at + this.#start.length));
    } else {
      this.#held = text.length > GREETING_LIMIT ? text.subarray(-this.#start.length) : text;
    }
  }

  /** All that was kept; what was held back is the program's, when no closing line came. */
  bytes(): Uint8Array {
    return Buffer.concat(this.#state === 'inside' ? [...this.#kept, this.#cut(this.#held)] : this.#kept);
  }

  #inside(text: Buffer): void {
    const at = text.indexOf(this.#end);
    if (at >= 0) this.#state = 'after';
    const whole = at >= 0 ? at : Math.max(0, text.length - this.#end.length + 1);
    const kept = this.#cut(text.subarray(0, whole));
    // A copy: the pieces of a stream may lie in one large buffer.
    if (kept.length > 0) this.#kept.push(Buffer.from(kept));
    this.#size += whole;
    this.#held = text.subarray(whole);
  }

  #cut(text: Buffer): Buffer {
    return text.subarray(0, Math.max(0, this.#limit - this.#size));
  }
}
