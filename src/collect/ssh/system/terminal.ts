import { StringDecoder } from 'node:string_decoder';
import type { SshTerminal, TerminalSize } from '../types.js';
import type { Channel } from './channel.js';
import { string, u32 } from './wire.js';

/** Asks for a pseudo-terminal of this size and the user’s login shell on it. Answers whether the host granted both. */
export async function startShell(channel: Channel, { columns, rows }: TerminalSize): Promise<boolean> {
  const noModes = string(Buffer.from([0]));
  const terminal = channel.request('pty-req', string('xterm-256color'), u32(columns), u32(rows), u32(0), u32(0), noModes);
  const shell = channel.request('shell');
  return (await terminal) && (await shell);
}

/** A login shell behind one channel with a pseudo-terminal. */
export class SystemTerminal implements SshTerminal {
  readonly exit: Promise<number | null>;
  private listener: ((text: string) => void) | undefined;
  private closed = false;
  private reading: Promise<void> = Promise.resolve();
  private ended: (status: number | null) => void = () => undefined;

  constructor(private readonly channel: Channel) {
    channel.stderr.discard();
    this.exit = new Promise((resolve) => {
      this.ended = (status) => {
        this.closed = true;
        resolve(status);
      };
      // What was printed before the end is shown before it.
      void channel.closed.then(() => this.reading).then(() => this.ended(channel.status));
    });
  }

  onData(listener: (text: string) => void): void {
    const first = this.listener === undefined;
    this.listener = listener;
    if (first) this.reading = this.read();
  }

  write(text: string): void {
    // Input typed while the channel closes has nowhere to go; `exit` tells the caller.
    if (!this.closed) this.channel.write(text).catch(() => undefined);
  }

  resize({ columns, rows }: TerminalSize): void {
    this.channel.notify('window-change', u32(columns), u32(rows), u32(0), u32(0));
  }

  close(): void {
    if (this.closed) return;
    this.channel.abandon();
    // The server confirms the close when the last program on the terminal has ended, which may be never.
    this.ended(null);
  }

  private async read(): Promise<void> {
    // A character may be split between two packets.
    const decoder = new StringDecoder('utf8');
    for await (const chunk of this.channel.stdout) {
      const text = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
      if (text !== '') this.listener?.(text);
    }
  }
}
