import type { Client, ClientChannel } from 'ssh2';
import { english, msg } from '../../core/message.js';
import { loginShellLine } from '../quote.js';
import { TransportError, type RemoteProcess } from '../transport.js';
import type { Carrier } from './carrier.js';
import { ChannelLimit } from './channelLimit.js';
import { ChannelProcess } from './channelProcess.js';
import { ChannelTerminal } from './channelTerminal.js';
import type { ResolvedHost } from './config/resolvedHost.js';
import { cancelledError, lostError } from './errors.js';
import type { SshBackend, SshTerminal, SshTransport, TerminalSize } from './types.js';

/** Programs and terminals at a time; sshd allows 10 sessions per connection unless MaxSessions says otherwise. */
const MAX_CHANNELS = 8;
/** How long to wait for a place when the server allows fewer sessions than we do, and how soon to ask it once more. */
const PLACE_MS = 10_000;
const AGAIN_MS = 500;
/** How often the server is asked once more when none of its places is ours. */
const ALONE_TRIES = 4;
/** How long a polite end of the connection may take. */
const GOODBYE_MS = 2_000;

/** A {@link SshTransport} over a connection that is ready. */
export class Ssh2Transport implements SshTransport {
  readonly backend: SshBackend = { client: 'ssh2' };
  readonly lost: Promise<TransportError>;
  private readonly limit = new ChannelLimit(MAX_CHANNELS);
  private readonly open = new Set<{ close(): void }>();
  private readonly closed: Promise<void>;
  private readonly gone = new AbortController();
  private state: 'open' | 'lost' | 'disposed' = 'open';

  constructor(
    private readonly client: Client,
    private readonly carrier: Carrier,
    private readonly host: ResolvedHost,
  ) {
    let cause: Error | undefined;
    client.on('error', (error) => {
      cause ??= error;
    });
    this.closed = new Promise((resolve) => {
      client.on('close', () => {
        this.gone.abort();
        resolve();
      });
    });
    this.lost = new Promise((resolve) => {
      void this.closed.then(() => {
        if (this.state !== 'open') return;
        this.state = 'lost';
        resolve(lostError(host, cause, carrier.failure()));
      });
    });
  }

  async spawn(argv: readonly string[], signal?: AbortSignal): Promise<RemoteProcess> {
    const command = loginShellLine(argv);
    const channel = await this.channel((done) => this.client.exec(command, done), signal);
    const process = new ChannelProcess(channel, () => lostError(this.host));
    const handle = { close: () => process.kill() };
    this.hold(process.exit, handle);
    if (signal?.aborted === true) process.kill();
    signal?.addEventListener('abort', handle.close, { once: true });
    void process.exit.then(() => signal?.removeEventListener('abort', handle.close));
    return process;
  }

  async openTerminal({ columns, rows }: TerminalSize): Promise<SshTerminal> {
    const window = { term: 'xterm-256color', cols: columns, rows, width: 0, height: 0 };
    const channel = await this.channel((done) => this.client.shell(window, done));
    const terminal = new ChannelTerminal(channel);
    this.hold(terminal.exit, terminal);
    return terminal;
  }

  async dispose(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'disposed';
    for (const handle of this.open) handle.close();
    this.client.end();
    const timer = setTimeout(() => this.carrier.destroy(), GOODBYE_MS);
    await this.closed;
    clearTimeout(timer);
  }

  /** Opens a channel when there is a place for it. */
  private async channel(
    start: (done: (error: Error | undefined, channel: ClientChannel) => void) => void,
    signal?: AbortSignal,
  ): Promise<ClientChannel> {
    const place = AbortSignal.timeout(PLACE_MS);
    for (let alone = 0; ; ) {
      await this.place(signal, place);
      const outcome = await this.tryStart(start, signal);
      if ('channel' in outcome) return outcome.channel;
      if (!outcome.full) {
        this.limit.release();
        throw outcome.error;
      }
      // Where nobody holds a place, one that was given up may still be ending on the host.
      if (!this.limit.refused() && ++alone > ALONE_TRIES) throw outcome.error;
      setTimeout(() => this.limit.tryMore(), AGAIN_MS).unref();
    }
  }

  private async place(signal: AbortSignal | undefined, limit: AbortSignal): Promise<void> {
    const signals = signal === undefined ? [limit] : [signal, limit];
    try {
      await this.limit.acquire(AbortSignal.any([...signals, this.gone.signal]));
    } catch {
      if (signal?.aborted === true) throw cancelledError(this.host.alias);
      if (this.gone.signal.aborted) throw lostError(this.host);
      throw this.noSession();
    }
  }

  /** Asks the server for a channel. A server that is frozen answers late or never: `signal` ends the wait. */
  private tryStart(
    start: (done: (error: Error | undefined, channel: ClientChannel) => void) => void,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly channel: ClientChannel } | { readonly error: TransportError; readonly full: boolean }> {
    return new Promise((resolve) => {
      const leave = AbortSignal.any(signal === undefined ? [this.gone.signal] : [this.gone.signal, signal]);
      const left = (): void =>
        resolve({ error: this.gone.signal.aborted ? lostError(this.host) : cancelledError(this.host.alias), full: false });
      leave.addEventListener('abort', left, { once: true });
      try {
        start((error, channel) => {
          leave.removeEventListener('abort', left);
          if (error === undefined && leave.aborted) abandon(channel);
          else if (error === undefined) resolve({ channel });
          else if (this.state !== 'open' || !('reason' in error)) resolve({ error: this.notStarted(error), full: false });
          else resolve({ error: this.noSession(error), full: true });
        });
      } catch (error) {
        // The library throws when the socket is gone already.
        resolve({ error: lostError(this.host, error instanceof Error ? error : undefined), full: false });
      }
    });
  }

  private hold(exit: Promise<unknown>, handle: { close(): void }): void {
    this.open.add(handle);
    void exit.then(() => {
      this.open.delete(handle);
      this.limit.release();
    });
  }

  private notStarted(cause: Error): TransportError {
    if (this.state !== 'open') return lostError(this.host, cause);
    return new TransportError(
      'not-permitted',
      english(msg('{0} did not let a command be started.', this.host.alias)),
      english(msg('The account may be limited to one command or to file transfer.')),
      { cause },
    );
  }

  private noSession(cause?: Error): TransportError {
    return new TransportError(
      'not-permitted',
      english(msg('{0} allows no further session on this connection.', this.host.alias)),
      this.open.size > 1
        ? english(msg('Close a terminal or wait for a command to end, or raise MaxSessions in sshd_config.'))
        : english(msg('The only one that it allows reads the live values. Raise MaxSessions in its sshd_config.')),
      cause === undefined ? undefined : { cause },
    );
  }
}

/** Closes a channel that nobody wants any more. */
function abandon(channel: ClientChannel): void {
  channel.on('error', () => undefined);
  channel.close();
  channel.resume();
  channel.stderr.resume();
}
