import { Channel, MAX_DATA, SSH, WINDOW } from './channel.js';
import type { ProxyStream } from './mux.js';
import { string, u32, WireReader } from './wire.js';

/** The host did not open a channel; `ChannelRefused` while the connection lives. */
export class ChannelRefused extends Error {
  override readonly name = 'ChannelRefused';
}

interface Opening {
  resolve(channel: Channel): void;
  reject(error: Error): void;
}

/** The channels of one connection, over a master in proxy mode. */
export class Channels {
  /** Resolves when the master is gone or has let go of us. */
  readonly closed: Promise<void>;
  private readonly openings = new Map<number, Opening>();
  private readonly channels = new Map<number, Channel>();
  private next = 0;
  private over = false;

  constructor(private readonly stream: ProxyStream) {
    const { socket, cutter, first } = stream;
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.over = true;
        for (const opening of this.openings.values()) opening.reject(new Error('the connection is gone'));
        for (const channel of this.channels.values()) channel.gone();
        this.openings.clear();
        this.channels.clear();
        resolve();
      });
    });
    const take = (messages: readonly Buffer[]): void => {
      try {
        for (const message of messages) this.receive(message);
      } catch {
        // What cannot be understood cannot be answered: to go on would mix up the channels.
        socket.destroy();
      }
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        take(cutter.push(chunk));
      } catch {
        socket.destroy();
      }
    });
    socket.on('end', () => socket.destroy());
    take(first);
    socket.resume();
  }

  /** Opens a session channel. Rejects with {@link ChannelRefused}, or another error when the connection is gone. */
  open(): Promise<Channel> {
    if (this.over) return Promise.reject(new Error('the connection is gone'));
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.openings.set(id, { resolve, reject });
      this.send(SSH.OPEN, string('session'), u32(id), u32(WINDOW), u32(MAX_DATA)).catch(() => undefined);
    });
  }

  /** Lets go of the master once it has taken what was sent; it closes what is still open. */
  end(): void {
    this.stream.socket.end();
  }

  destroy(): void {
    this.stream.socket.destroy();
  }

  private receive(message: Buffer): void {
    const reader = new WireReader(message);
    // In proxy mode a packet has no padding, and a zero stands in the place of its length.
    if (reader.byte() !== 0) throw new RangeError('unexpected padding');
    const type = reader.byte();
    const id = reader.u32();
    const opening = this.openings.get(id);
    if (opening !== undefined) {
      this.openings.delete(id);
      if (type === SSH.OPEN_FAILURE) {
        opening.reject(new ChannelRefused());
        return;
      }
      if (type !== SSH.OPEN_CONFIRMATION) throw new RangeError(`unexpected message ${type}`);
      const channel = new Channel((kind, ...parts) => this.send(kind, ...parts), reader.u32(), reader.u32(), reader.u32());
      this.channels.set(id, channel);
      opening.resolve(channel);
      return;
    }
    // What follows a close is about nothing any more.
    this.channels.get(id)?.receive(type, reader);
    if (type === SSH.CLOSE) this.channels.delete(id);
  }

  private send(type: number, ...parts: readonly Buffer[]): Promise<void> {
    const body = Buffer.concat([Buffer.from([0, type]), ...parts]);
    return new Promise((resolve, reject) => {
      if (this.over || !this.stream.socket.writable) {
        reject(new Error('the connection is gone'));
        return;
      }
      this.stream.socket.write(Buffer.concat([u32(body.length), body]), (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }
}
