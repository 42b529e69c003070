/** Bytes on their way from a connection to one reader. The reader’s pace is reported, so that the sender can be held. */
export class ByteQueue implements AsyncIterable<Uint8Array> {
  /** Resolves when everything was read, or thrown away, after the end. */
  readonly drained: Promise<void>;
  private readonly chunks: Uint8Array[] = [];
  private ended = false;
  private discarding = false;
  private wake: () => void = () => undefined;
  private finish: () => void = () => undefined;

  /** `taken` is told how many bytes the reader took, each time it takes some. */
  constructor(private readonly taken: (bytes: number) => void) {
    this.drained = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  push(chunk: Uint8Array): void {
    if (this.ended || chunk.length === 0) return;
    if (this.discarding) {
      this.taken(chunk.length);
      return;
    }
    this.chunks.push(chunk);
    this.wake();
  }

  end(): void {
    this.ended = true;
    if (this.chunks.length === 0) this.finish();
    this.wake();
  }

  /** Throws away what is there and what will come. */
  discard(): void {
    this.discarding = true;
    for (const chunk of this.chunks.splice(0)) this.taken(chunk.length);
    if (this.ended) this.finish();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk !== undefined) {
        this.taken(chunk.length);
        if (this.ended && this.chunks.length === 0) this.finish();
        yield chunk;
      } else if (this.ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    }
  }
}
