import type { Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { RemoteProcess, TransportError } from '../transport.js';

/** How long the end of a killed program is waited for. */
const KILL_MS = 2_000;

/** A program on the host behind one exec channel. `lost` makes the error of a write that can no longer be taken. */
export class ChannelProcess implements RemoteProcess {
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  readonly exit: Promise<number | null>;
  private closed = false;
  private killed = false;
  private readonly gone: Promise<void>;
  private giveUp: () => void = () => undefined;

  constructor(
    private readonly channel: ClientChannel,
    private readonly lost: () => TransportError,
  ) {
    this.stdout = bytesOf(channel);
    this.stderr = bytesOf(channel.stderr);
    let status: number | null = null;
    // Every write reports its own error to the one who wrote; without listeners it would end this process too.
    channel.on('error', () => undefined);
    channel.stderr.on('error', () => undefined);
    const abandoned = new Promise<void>((resolve) => {
      this.giveUp = resolve;
    });
    const closed = new Promise<void>((resolve) => {
      // The status is taken here and not from the event "exit", which a short program can cause before anyone listens.
      channel.on('close', (code?: number | null) => {
        status = this.killed ? null : (code ?? null);
        resolve();
      });
    });
    const errorsEnded = new Promise<void>((resolve) => channel.stderr.on('close', resolve));
    this.gone = Promise.race([closed, abandoned]).then(() => {
      this.closed = true;
    });
    this.exit = Promise.race([Promise.all([closed, errorsEnded]), abandoned]).then(() => status);
  }

  async write(data: string): Promise<void> {
    if (this.closed || this.killed) throw this.lost();
    const taken = new Promise<void>((resolve, reject) => {
      this.channel.write(data, (error) => {
        if (error) reject(this.lost());
        else resolve();
      });
    });
    // The library never calls back for a write that the closing of the channel overtook.
    const overtaken = this.gone.then(() => Promise.reject(this.lost()));
    await Promise.race([taken, overtaken]);
  }

  end(): void {
    if (!this.closed) this.channel.end();
  }

  /**
   * Asks the server for a TERM signal and closes the channel. A server may refuse signals (OpenSSH's sshd does for
   * root), and the library sends none after `end`; the program is then left with closed pipes, which end it at its
   * next read or write. What must not stay on the host has to watch for the end of its input, as `runScript` does.
   */
  kill(): void {
    if (this.killed || this.closed) return;
    this.killed = true;
    this.channel.signal('TERM');
    this.channel.close();
    // The channel closes when its output was taken, and nobody may be reading it any more.
    discard(this.channel);
    discard(this.channel.stderr);
    // sshd confirms the close only when the program has ended. Nobody shall wait for one that does not.
    const timer = setTimeout(() => {
      this.channel.push(null);
      this.channel.stderr.push(null);
      this.giveUp();
    }, KILL_MS);
    void this.gone.then(() => clearTimeout(timer));
  }
}

/** A stream as bytes. Leaving the loop early leaves the stream as it is: the caller ends the program with `kill`. */
async function* bytesOf(stream: Readable): AsyncIterable<Uint8Array> {
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    if (Buffer.isBuffer(chunk)) yield chunk;
  }
}

function discard(stream: Readable): void {
  const drain = (): void => {
    while (stream.read() !== null);
  };
  stream.on('readable', drain);
  drain();
}
