import ssh2, { type ConnectConfig } from 'ssh2';
import { english, msg } from '../../core/message.js';
import { TransportError } from '../transport.js';
import { offeredAlgorithms } from './algorithms.js';
import { Authenticator } from './authenticate.js';
import type { Carrier } from './carrier.js';
import type { ResolvedHost } from './config/resolvedHost.js';
import { Deadline } from './deadline.js';
import { cancelledError, closedWhileConnecting, connectionError, deadlineError, passwordExpiredError } from './errors.js';
import { prepareHostKeyCheck, type HostKeyCheck } from './hostKeyCheck.js';
import { fingerprint } from './knownHosts.js';
import type { SshRequest } from './types.js';

/** How long a prompt may stay open. The server has a limit of its own (sshd's LoginGraceTime, 120 s). */
const PERSON_MS = 300_000;

/** One SSH connection that is ready, and the way it takes. */
export interface OpenClient {
  readonly host: ResolvedHost;
  readonly client: ssh2.Client;
  readonly carrier: Carrier;
}

/** How one connection on a route is opened. */
export interface OpenOptions {
  /** Starts the way to the host. Called when what is on record about the host's key has been read. */
  readonly carry: () => Promise<Carrier>;
  /** The name of this host when it is a jump host; `null` for the target itself. */
  readonly hop: string | null;
}

/**
 * Opens one SSH connection: host key first, then authentication. Rejects with a {@link TransportError}; when it does,
 * the connection is closed and nothing that it opened is left.
 */
export async function openClient(host: ResolvedHost, request: SshRequest, options: OpenOptions): Promise<OpenClient> {
  const client = new ssh2.Client();
  const opening = new Opening(client, host, request, options);
  try {
    const carrier = await opening.open();
    client.once('close', () => carrier.close());
    return { host, client, carrier };
  } catch (error) {
    // After an error the library may still report more of it.
    client.on('error', () => undefined);
    opening.abandon();
    throw error;
  }
}

/** The time between the first packet and a usable connection. */
class Opening {
  private failure: Error | undefined;
  private carrier: Carrier | undefined;
  private abandoned = false;
  /** Fingerprint of the host key that was verified. */
  private hostKey = '';
  private fail: (error: Error) => void = (error) => {
    this.failure ??= error;
  };

  constructor(
    private readonly client: ssh2.Client,
    private readonly host: ResolvedHost,
    private readonly request: SshRequest,
    private readonly options: OpenOptions,
  ) {}

  /** Closes what was opened, whether or not the host takes part. */
  abandon(): void {
    this.abandoned = true;
    this.carrier?.destroy();
  }

  /** Resolves with the way when the client is ready. */
  async open(): Promise<Carrier> {
    const { client, host, request } = this;
    const deadline = new Deadline({ hostMs: host.connectTimeoutMs, personMs: PERSON_MS }, (waiting) =>
      this.fail(deadlineError(host, waiting)),
    );
    const whileAsking = <T>(question: () => Promise<T>): Promise<T> => deadline.whileAsking(question);
    const authenticator = new Authenticator({
      host,
      interactive: request.interactive && !host.batchMode,
      asker: request.asker,
      // Authentication begins after the key was verified, so it is never empty when it is needed.
      hostKeyFingerprint: () => this.hostKey,
      whileAsking,
      cancelled: () => this.fail(cancelledError(host.alias)),
    });
    const aborted = (): void => this.fail(cancelledError(host.alias));
    request.signal?.addEventListener('abort', aborted);
    const fatal = (error: Error & { level?: string }): void => {
      // A key that does not sign is one attempt that failed; the next one follows.
      if (error.level === 'agent') return;
      const below = error.level === 'client-authentication' ? undefined : this.carrier?.failure();
      this.fail(below ?? connectionError(error, host, authenticator.record));
    };
    const closed = (): void => this.fail(this.carrier?.failure() ?? closedWhileConnecting(host));
    try {
      if (request.signal?.aborted === true) aborted();
      const check = await prepareHostKeyCheck(host, request, this.options.hop, whileAsking);
      if (this.failure !== undefined) throw this.failure;
      return await new Promise<Carrier>((resolve, reject) => {
        this.fail = reject;
        this.carry().then((carrier) => {
          client.on('error', fatal).on('close', closed).on('ready', () => {
            authenticator.succeeded();
            resolve(carrier);
          });
          client.on('change password', () => this.fail(passwordExpiredError(host)));
          client.connect(this.settings(carrier, check, authenticator, fatal));
        }).catch(reject);
      });
    } finally {
      deadline.stop();
      request.signal?.removeEventListener('abort', aborted);
      client.off('error', fatal).off('close', closed);
    }
  }

  private async carry(): Promise<Carrier> {
    const carrier = await this.options.carry();
    this.carrier = carrier;
    // The time may be over, or the person gone, while the way was being made.
    if (this.abandoned) {
      carrier.destroy();
      throw cancelledError(this.host.alias);
    }
    return carrier;
  }

  private settings(
    carrier: Carrier,
    check: HostKeyCheck,
    authenticator: Authenticator,
    fatal: (error: Error & { level?: string }) => void,
  ): ConnectConfig {
    const { host } = this;
    return {
      host: host.hostName,
      port: host.port,
      username: host.user,
      keepaliveInterval: host.keepAliveMs,
      keepaliveCountMax: host.keepAliveCount,
      // The two deadlines above stand in for the library's single one, which runs on while a prompt is open.
      readyTimeout: 0,
      agentForward: false,
      sock: carrier.stream,
      algorithms: offeredAlgorithms(check.knownTypes, host),
      hostVerifier: (key: Buffer, verify: (trusted: boolean) => void): void => {
        // During a connection the keys are exchanged anew. The library then needs its answer at once: what it
        // sends before a late one is encrypted with the wrong key, and the server hangs up.
        const settled = check.settled(key);
        if (settled !== 'open') {
          verify(settled === 'trusted');
          return;
        }
        const shown = Buffer.from(key);
        check.verify(shown).then(
          () => {
            this.hostKey = fingerprint(shown);
            verify(true);
          },
          (error: unknown) => {
            this.fail(hostKeyError(error, host));
            verify(false);
          },
        );
      },
      authHandler: (methodsLeft, partial, next) => {
        authenticator.next(methodsLeft, partial === true).then(
          (attempt) => {
            // The library takes `false` for "nothing left"; its types leave that out.
            if (attempt === false) fatal(Object.assign(new Error('nothing left to try'), { level: 'client-authentication' }));
            else next(attempt);
          },
          (error: unknown) => fatal(error instanceof Error ? error : new Error('unknown error')),
        );
      },
    };
  }
}

function hostKeyError(error: unknown, host: ResolvedHost): TransportError {
  if (error instanceof TransportError) return error;
  return new TransportError(
    'host-key-refused',
    english(msg('The host key of {0} could not be checked, or the answer could not be kept.', host.alias)),
    undefined,
    { cause: error },
  );
}
