import { ByteQueue } from './byteQueue.js';
import { string, u32, type WireReader } from './wire.js';

/** Message numbers of RFC 4254 §9 that a client’s session channel takes part in. */
export const SSH = {
  OPEN: 90,
  OPEN_CONFIRMATION: 91,
  OPEN_FAILURE: 92,
  WINDOW_ADJUST: 93,
  DATA: 94,
  EXTENDED_DATA: 95,
  EOF: 96,
  CLOSE: 97,
  REQUEST: 98,
  SUCCESS: 99,
  FAILURE: 100,
} as const;

/** Bytes that the host may send before the reader has taken them; bounds the memory of a channel. */
export const WINDOW = 1024 * 1024;
/** Longest piece of data that is sent or taken in one packet; RFC 4253 §6.1 has every implementation take 32 KiB. */
export const MAX_DATA = 32 * 1024;
/** The one kind of extended data that RFC 4254 §5.2 defines. */
const STDERR = 1;

/** The way to the host: takes a message; the answer resolves when it was handed over, and rejects when that failed. */
export type Send = (type: number, ...parts: readonly Buffer[]) => Promise<void>;

/** The channel is closed: nothing can be written to it. */
export class ChannelClosed extends Error {
  override readonly name = 'ChannelClosed';
}

/** One session channel of RFC 4254, from its confirmation to its end. */
export class Channel {
  readonly stdout = new ByteQueue((bytes) => this.taken(bytes));
  readonly stderr = new ByteQueue((bytes) => this.taken(bytes));
  /** Resolves when the host has closed the channel, or the connection is gone. */
  readonly closed: Promise<void>;
  /** Exit status of the program, `null` when a signal ended it or none was reported. */
  status: number | null = null;
  private state: 'open' | 'closing' | 'closed' = 'open';
  private sendable: number;
  private readonly packet: number;
  /** Bytes that were read and that the host was not yet allowed to send anew. */
  private owed = 0;
  private writing: Promise<void> = Promise.resolve();
  private readonly replies: ((granted: boolean) => void)[] = [];
  private wake: () => void = () => undefined;
  private close: () => void = () => undefined;

  constructor(
    private readonly send: Send,
    private readonly remote: number,
    window: number,
    packet: number,
  ) {
    this.sendable = window;
    this.packet = Math.max(1, Math.min(packet, MAX_DATA));
    this.closed = new Promise((resolve) => {
      this.close = resolve;
    });
  }

  /** Asks the host for something (RFC 4254 §6) and waits for its answer; `false` also when the channel closes first. */
  request(name: string, ...parts: readonly Buffer[]): Promise<boolean> {
    if (this.state !== 'open') return Promise.resolve(false);
    return new Promise((resolve) => {
      this.replies.push(resolve);
      void this.tell(SSH.REQUEST, string(name), Buffer.from([1]), ...parts);
    });
  }

  /** Tells the host something that it does not answer. */
  notify(name: string, ...parts: readonly Buffer[]): void {
    if (this.state === 'open') void this.tell(SSH.REQUEST, string(name), Buffer.from([0]), ...parts);
  }

  /** Resolves when the host was ready for all of it and it was sent. Rejects with {@link ChannelClosed}. */
  write(data: string): Promise<void> {
    const bytes = Buffer.from(data, 'utf8');
    const all = this.writing.then(() => this.writeAll(bytes));
    this.writing = all.catch(() => undefined);
    return all;
  }

  /** No more input, after what was written. */
  eof(): void {
    this.writing = this.writing.then(() => (this.state === 'open' ? this.tell(SSH.EOF) : undefined));
  }

  /** Gives the channel up: no more input is sent, and output is thrown away. */
  abandon(): void {
    this.stdout.discard();
    this.stderr.discard();
    if (this.state !== 'open') return;
    this.state = 'closing';
    void this.tell(SSH.CLOSE);
    this.answerAll(false);
    this.wake();
  }

  /** The connection is gone, or the host has closed the channel. */
  gone(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.answerAll(false);
    this.stdout.end();
    this.stderr.end();
    this.wake();
    this.close();
  }

  /** A message from the host about this channel; its reader stands behind the channel’s number. Throws for nonsense. */
  receive(type: number, reader: WireReader): void {
    switch (type) {
      case SSH.WINDOW_ADJUST:
        this.sendable += reader.u32();
        this.wake();
        return;
      case SSH.DATA:
        this.stdout.push(reader.string());
        return;
      case SSH.EXTENDED_DATA: {
        const kind = reader.u32();
        const data = reader.string();
        if (kind === STDERR) this.stderr.push(data);
        else this.taken(data.length);
        return;
      }
      case SSH.EOF:
        this.stdout.end();
        this.stderr.end();
        return;
      case SSH.CLOSE:
        if (this.state === 'open') void this.tell(SSH.CLOSE);
        this.gone();
        return;
      case SSH.REQUEST:
        this.requested(reader);
        return;
      case SSH.SUCCESS:
      case SSH.FAILURE:
        this.replies.shift()?.(type === SSH.SUCCESS);
        return;
      default:
        throw new RangeError(`unexpected message ${type}`);
    }
  }

  private requested(reader: WireReader): void {
    const name = reader.string().toString('latin1');
    const wantsReply = reader.byte() !== 0;
    if (name === 'exit-status') this.status = reader.u32();
    // sshd asks "keepalive@openssh.com" in this way; any answer tells it that somebody is there.
    if (wantsReply) void this.tell(SSH.FAILURE);
  }

  private async writeAll(bytes: Buffer): Promise<void> {
    let at = 0;
    for (;;) {
      if (this.state !== 'open') throw new ChannelClosed();
      if (at === bytes.length) return;
      const size = Math.min(bytes.length - at, this.packet, this.sendable);
      if (size > 0) {
        this.sendable -= size;
        await this.send(SSH.DATA, u32(this.remote), string(bytes.subarray(at, at + size))).catch(() => {
          throw new ChannelClosed();
        });
        at += size;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    }
  }

  private taken(bytes: number): void {
    this.owed += bytes;
    if (this.owed < WINDOW / 2 || this.state === 'closed') return;
    const granted = this.owed;
    this.owed = 0;
    void this.tell(SSH.WINDOW_ADJUST, u32(granted));
  }

  private answerAll(granted: boolean): void {
    for (const answer of this.replies.splice(0)) answer(granted);
  }

  /** That it could not be sent shows as the end of the connection. */
  private tell(type: number, ...parts: readonly Buffer[]): Promise<void> {
    return this.send(type, u32(this.remote), ...parts).catch(() => undefined);
  }
}
