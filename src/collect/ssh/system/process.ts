import type { RemoteProcess, TransportError } from '../../transport.js';
import type { Channel } from './channel.js';
import { string } from './wire.js';

/** How long the end of a killed program is waited for. */
const KILL_MS = 2_000;

/** A program on the host behind one session channel. `lost` makes the error of a write that can no longer be taken. */
export class SystemProcess implements RemoteProcess {
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  readonly exit: Promise<number | null>;
  private killed = false;

  constructor(
    private readonly channel: Channel,
    private readonly lost: () => TransportError,
  ) {
    this.stdout = channel.stdout;
    this.stderr = channel.stderr;
    this.exit = Promise.all([channel.closed, channel.stdout.drained, channel.stderr.drained]).then(() =>
      this.killed ? null : channel.status,
    );
  }

  async write(data: string): Promise<void> {
    if (this.killed) throw this.lost();
    await this.channel.write(data).catch(() => {
      throw this.lost();
    });
  }

  end(): void {
    this.channel.eof();
  }

  /**
   * Asks the server for a TERM signal and closes the channel. A server may refuse signals (OpenSSH’s sshd does for
   * root); the program is then left with closed pipes, which end it at its next read or write. What must not stay on
   * the host has to watch for the end of its input, as `runScript` does.
   */
  kill(): void {
    if (this.killed) return;
    this.killed = true;
    this.channel.notify('signal', string('TERM'));
    this.channel.abandon();
    // sshd confirms the close only when the program has ended. Nobody shall wait for one that does not.
    const timer = setTimeout(() => this.channel.gone(), KILL_MS);
    void this.exit.then(() => clearTimeout(timer));
  }
}
