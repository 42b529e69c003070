import { StringDecoder } from 'node:string_decoder';
import type { ClientChannel } from 'ssh2';
import type { SshTerminal, TerminalSize } from './types.js';

/** A login shell behind one channel with a pseudo-terminal. */
export class ChannelTerminal implements SshTerminal {
  readonly exit: Promise<number | null>;
  private listener: ((text: string) => void) | undefined;
  private closed = false;
  private ended: (status: number | null) => void = () => undefined;

  constructor(private readonly channel: ClientChannel) {
    // Input typed while the channel closes has nowhere to go; `exit` tells the caller.
    channel.on('error', () => undefined);
    channel.stderr.resume();
    this.exit = new Promise((resolve) => {
      this.ended = (status) => {
        this.closed = true;
        resolve(status);
      };
      channel.on('close', (code?: number | null) => this.ended(code ?? null));
    });
  }

  onData(listener: (text: string) => void): void {
    const first = this.listener === undefined;
    this.listener = listener;
    if (!first) return;
    // A character may be split between two packets.
    const decoder = new StringDecoder('utf8');
    this.channel.on('data', (chunk: Buffer) => {
      const text = decoder.write(chunk);
      if (text !== '') this.listener?.(text);
    });
  }

  write(text: string): void {
    if (!this.closed) this.channel.write(text);
  }

  resize({ columns, rows }: TerminalSize): void {
    if (!this.closed) this.channel.setWindow(rows, columns, 0, 0);
  }

  close(): void {
    if (this.closed) return;
    this.channel.close();
    this.channel.resume();
    // The server confirms the close when the last program on the terminal has ended, which may be never.
    this.ended(null);
  }
}
