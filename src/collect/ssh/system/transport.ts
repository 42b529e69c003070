import { english, msg } from '../../../core/message.js';
import { loginShellLine } from '../../quote.js';
import { TransportError, type RemoteProcess } from '../../transport.js';
import { ChannelLimit } from '../channelLimit.js';
import type { ResolvedHost } from '../config/resolvedHost.js';
import { cancelledError } from '../errors.js';
import type { SshBackend, SshTerminal, SshTransport, TerminalSize } from '../types.js';
import type { Channel } from './channel.js';
import { ChannelRefused, type Channels } from './channels.js';
import { SystemProcess } from './process.js';
import { startShell, SystemTerminal } from './terminal.js';
import { string } from './wire.js';

/** Programs and terminals at a time; sshd allows 10 sessions per connection unless MaxSessions says otherwise. */
const MAX_CHANNELS = 8;
/** How long to wait for a place when the server allows fewer sessions than we do. */
const PLACE_MS = 10_000;
/** How long a server may take to forget a session that has ended. */
const AGAIN_MS = 100;
/** How long the master may take to pass on what was sent last. */
const GOODBYE_MS = 500;

/** The `ssh` that holds the connection. */
export interface Holder {
  /** Why a connection that worked is gone; read after the channels have closed. */
  why(): Promise<TransportError>;
  /** Ends what is ours of it. Never rejects. */
  stop(): Promise<void>;
}

/** A {@link SshTransport} over the channels of a master `ssh`. */
export class SystemTransport implements SshTransport {
  readonly lost: Promise<TransportError>;
  private readonly limit = new ChannelLimit(MAX_CHANNELS);
  private readonly open = new Set<{ close(): void }>();
  private readonly gone = new AbortController();
  private state: 'open' | 'lost' | 'disposed' = 'open';
  private disposing: Promise<void> | undefined;

  constructor(
    private readonly channels: Channels,
    private readonly holder: Holder,
    private readonly host: ResolvedHost,
    readonly backend: SshBackend,
  ) {
    this.lost = new Promise((resolve) => {
      void channels.closed.then(() => {
        this.gone.abort();
        if (this.state !== 'open') return;
        this.state = 'lost';
        void holder.why().then(resolve).finally(() => holder.stop());
      });
    });
  }

  async spawn(argv: readonly string[], signal?: AbortSignal): Promise<RemoteProcess> {
    const command = loginShellLine(argv);
    const channel = await this.channel((fresh) => fresh.request('exec', string(command)), signal);
    const process = new SystemProcess(channel, () => this.lostWrite());
    const handle = { close: () => process.kill() };
    this.hold(process.exit, handle);
    if (signal?.aborted === true) process.kill();
    signal?.addEventListener('abort', handle.close, { once: true });
    void process.exit.then(() => signal?.removeEventListener('abort', handle.close));
    return process;
  }

  async openTerminal(size: TerminalSize): Promise<SshTerminal> {
    const terminal = new SystemTerminal(await this.channel((fresh) => startShell(fresh, size)));
    this.hold(terminal.exit, terminal);
    return terminal;
  }

  dispose(): Promise<void> {
    this.disposing ??= this.end();
    return this.disposing;
  }

  private async end(): Promise<void> {
    if (this.state === 'open') {
      this.state = 'disposed';
      for (const handle of this.open) handle.close();
      this.channels.end();
      const timer = setTimeout(() => this.channels.destroy(), GOODBYE_MS);
      await this.channels.closed;
      clearTimeout(timer);
    }
    await this.holder.stop();
  }

  /** Opens a channel when there is a place for it, and starts what shall run in it. */
  private async channel(start: (channel: Channel) => Promise<boolean>, signal?: AbortSignal): Promise<Channel> {
    let place: AbortSignal | undefined;
    for (;;) {
      await this.place(signal, place);
      const outcome = await this.openChannel();
      if (outcome !== 'full') {
        if (outcome instanceof TransportError) {
          this.limit.release();
          throw outcome;
        }
        if (await start(outcome)) return outcome;
        outcome.abandon();
        this.limit.release();
        throw this.notStarted();
      }
      if (!this.limit.refused()) throw this.noSession();
      place ??= AbortSignal.timeout(PLACE_MS);
    }
  }

  private async place(signal: AbortSignal | undefined, limit: AbortSignal | undefined): Promise<void> {
    const signals = [signal, limit].filter((one) => one !== undefined);
    try {
      await this.limit.acquire(AbortSignal.any([...signals, this.gone.signal]));
    } catch {
      if (signal?.aborted === true) throw cancelledError(this.host.alias);
      if (this.gone.signal.aborted) throw this.lostWrite();
      throw this.noSession();
    }
  }

  /** A session that has ended just now may still count for the server: it is asked once more before it counts as full. */
  private async openChannel(): Promise<Channel | TransportError | 'full'> {
    const outcome = await this.tryOpen();
    if (outcome !== 'full') return outcome;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    return this.tryOpen();
  }

  private async tryOpen(): Promise<Channel | TransportError | 'full'> {
    try {
      return await this.channels.open();
    } catch (error) {
      return error instanceof ChannelRefused && this.state === 'open' ? 'full' : this.lostWrite();
    }
  }

  private hold(exit: Promise<unknown>, handle: { close(): void }): void {
    this.open.add(handle);
    void exit.then(() => {
      this.open.delete(handle);
      this.limit.release();
    });
  }

  private lostWrite(): TransportError {
    return new TransportError('lost', english(msg('The connection to {0} was lost.', this.host.alias)));
  }

  private notStarted(): TransportError {
    if (this.state !== 'open' || this.gone.signal.aborted) return this.lostWrite();
    return new TransportError(
      'not-permitted',
      english(msg('{0} did not let a command be started.', this.host.alias)),
      english(msg('The account may be limited to one command or to file transfer.')),
    );
  }

  private noSession(): TransportError {
    return new TransportError(
      'not-permitted',
      english(msg('{0} allows no further session on this connection.', this.host.alias)),
      english(msg('Close a terminal or wait for a command to end, or raise MaxSessions in sshd_config.')),
    );
  }
}
