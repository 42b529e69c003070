import { connect as connectTcp, type Socket } from 'node:net';
import ssh2, { type ConnectConfig } from 'ssh2';
import { english, msg } from '../../core/message.js';
import { TransportError } from '../transport.js';
import { offeredAlgorithms } from './algorithms.js';
import { Authenticator } from './authenticate.js';
import { resolveHost, type ResolvedHost } from './config/resolveHost.js';
import { Deadline } from './deadline.js';
import { cancelledError, closedWhileConnecting, connectionError, deadlineError, passwordExpiredError } from './errors.js';
import { prepareHostKeyCheck } from './hostKeyCheck.js';
import { fingerprint } from './knownHosts.js';
import { Ssh2Transport } from './ssh2Transport.js';
import type { SshRequest, SshTransport } from './types.js';

/** Address families as node:net numbers them; 0 takes either. */
const FAMILY: Readonly<Record<ResolvedHost['family'], number>> = { any: 0, ipv4: 4, ipv6: 6 };

/** How long a prompt may stay open. The server has a limit of its own (sshd's LoginGraceTime, 120 s). */
const PERSON_MS = 300_000;

/**
 * Connects to a host: configuration, host key, then authentication, in this order. Rejects with a
 * {@link TransportError}; when it does, the connection is closed and nothing is left open.
 */
export async function connectSsh(request: SshRequest): Promise<SshTransport> {
  if (request.signal?.aborted === true) throw cancelledError(request.host);
  const host = await resolveHost(request, request.machine);
  const client = new ssh2.Client();
  const opening = new Opening(client, host, request);
  try {
    const socket = await opening.open();
    return new Ssh2Transport(client, socket, host);
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
  private socket: Socket | undefined;
  /** Fingerprint of the host key that was verified. */
  private hostKey = '';
  private fail: (error: Error) => void = (error) => {
    this.failure ??= error;
  };

  constructor(
    private readonly client: ssh2.Client,
    private readonly host: ResolvedHost,
    private readonly request: SshRequest,
  ) {}

  /** Closes what was opened, whether or not the host takes part. */
  abandon(): void {
    this.socket?.destroy();
  }

  /** Resolves with the connection's socket when the client is ready. */
  async open(): Promise<Socket> {
    const { client, host, request } = this;
    const interactive = request.interactive && !host.batchMode;
    const deadline = new Deadline({ hostMs: host.connectTimeoutMs, personMs: PERSON_MS }, (waiting) =>
      this.fail(deadlineError(host, waiting)),
    );
    const whileAsking = <T>(question: () => Promise<T>): Promise<T> => deadline.whileAsking(question);
    const authenticator = new Authenticator({
      host,
      interactive,
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
      if (error.level !== 'agent') this.fail(connectionError(error, host, authenticator.record));
    };
    const closed = (): void => this.fail(closedWhileConnecting(host));
    try {
      const check = await prepareHostKeyCheck(host, request, whileAsking);
      if (this.failure !== undefined) throw this.failure;
      // The socket is ours, because the library does not let go of one whose other side is silent.
      const socket = connectTcp({ host: host.hostName, port: host.port, family: FAMILY[host.family] });
      this.socket = socket;
      // Requests are small and answered one at a time: waiting for more data to send together only adds delay.
      socket.setNoDelay(true);
      await new Promise<void>((resolve, reject) => {
        this.fail = reject;
        client.on('error', fatal).on('close', closed).on('ready', () => {
          authenticator.succeeded();
          resolve();
        });
        client.on('change password', () => this.fail(passwordExpiredError(host)));
        client.connect({
          ...this.settings(),
          sock: socket,
          algorithms: offeredAlgorithms(check.knownTypes),
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
        });
      });
      return socket;
    } finally {
      deadline.stop();
      request.signal?.removeEventListener('abort', aborted);
      client.off('error', fatal).off('close', closed);
    }
  }

  private settings(): ConnectConfig {
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
