import { english, msg } from '../../core/message.js';
import { inline } from '../sanitize.js';
import { TransportError } from '../transport.js';
import type { AuthenticationRecord } from './authenticate.js';
import type { ResolvedHost } from './config/resolvedHost.js';
import type { Waiting } from './deadline.js';

/** Turns what the library reports while connecting into a sentence about the host. Library text is only the cause. */
export function connectionError(error: Error, host: ResolvedHost, record: AuthenticationRecord): TransportError {
  const because = { cause: error };
  const where = addressOf(host);
  const code = 'code' in error ? error.code : undefined;
  const level = 'level' in error ? error.level : undefined;
  switch (code) {
    case 'ECONNREFUSED':
      return unreachable(msg('{0} refused the connection: nothing listens on port {1}.', where, host.port), because);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return unreachable(msg('The name {0} could not be resolved to an address.', host.hostName), because);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return unreachable(msg('There is no route to {0}.', where), because);
    case 'ETIMEDOUT':
      return unreachable(msg('{0} did not answer on port {1}.', where, host.port), because);
    case 'ECONNRESET':
    case 'EPIPE':
      return unreachable(msg('{0} closed the connection while it was being made.', where), because);
  }
  if (/no matching/.test(error.message)) {
    return new TransportError(
      'unsupported',
      english(msg('{0} and this program have no safe SSH algorithm in common.', where)),
      english(msg('The SSH server is very old or very restricted; open the host with Remote - SSH instead.')),
      because,
    );
  }
  // sshd's words when MaxAuthTries is reached, as the text of its farewell (auth.c, auth_maxtries_exceeded).
  if (/too many authentication failures/i.test(error.message)) return tooManyTriesError(host, record, because);
  if (level === 'client-authentication' || record.tried.length > 0) return authenticationError(host, record, because);
  if (level === 'client-dns') {
    return unreachable(msg('The name {0} could not be resolved to an address.', host.hostName), because);
  }
  return closedWhileConnecting(host, because);
}

/** Nothing that was tried let the user in. */
function authenticationError(
  host: ResolvedHost,
  record: AuthenticationRecord,
  options?: ErrorOptions,
): TransportError {
  const list = (names: readonly string[]): string => (names.length === 0 ? '–' : names.join(', '));
  return new TransportError(
    'authentication',
    english(
      msg(
        '{0} did not let {1} in. It accepts: {2}. Tried: {3}.',
        addressOf(host),
        host.user,
        list(record.accepted),
        list(record.tried),
      ),
    ),
    english(msg('Check the user name and the keys; "ssh {0}" in a terminal shows more.', host.alias)),
    options,
  );
}

/** The server takes no further attempt: usually an agent that holds more keys than the server lets anybody try. */
function tooManyTriesError(host: ResolvedHost, record: AuthenticationRecord, options: ErrorOptions): TransportError {
  return new TransportError(
    'authentication',
    english(
      msg(
        '{0} closed the connection after too many attempts to log in as {1}. Tried: {2}.',
        addressOf(host),
        host.user,
        record.tried.join(', '),
      ),
    ),
    english(
      msg(
        'An agent with many keys uses the attempts up before the right key is offered. Name that key with "IdentityFile" for {0} in the ssh configuration, and add "IdentitiesOnly yes".',
        host.alias,
      ),
    ),
    options,
  );
}

/** The server lets the user in only with another password; it is changed where the user sees what happens to it. */
export function passwordExpiredError(host: ResolvedHost): TransportError {
  return new TransportError(
    'authentication',
    english(msg('The password of {0} on {1} has expired.', host.user, addressOf(host))),
    english(msg('Change it with "ssh {0}" in a terminal, then connect again.', host.alias)),
  );
}

/** The server ended the connection before it was usable. */
export function closedWhileConnecting(host: ResolvedHost, options?: ErrorOptions): TransportError {
  return unreachable(msg('{0} closed the connection on port {1} before the SSH handshake was complete.', addressOf(host), host.port), options);
}

/** A limit passed: the host did not answer, or a prompt stayed open too long. */
export function deadlineError(host: ResolvedHost, waiting: Waiting): TransportError {
  const message =
    waiting === 'person'
      ? msg('The connection to {0} was given up, because a question stayed unanswered.', host.alias)
      : msg('{0} did not complete the SSH handshake on port {1} within {2} s.', addressOf(host), host.port, host.connectTimeoutMs / 1000);
  return new TransportError('timeout', english(message), waiting === 'person' ? undefined : english(checkHow(host)));
}

/** The person, or the caller, did not want to go on. */
export function cancelledError(host: string): TransportError {
  return new TransportError('cancelled', english(msg('Connecting to {0} was cancelled.', host)));
}

/** A connection that worked is gone; `below` says what happened to the jump host or program that it went through. */
export function lostError(host: ResolvedHost, error?: Error, below?: TransportError): TransportError {
  if (below !== undefined) {
    const said = below.reason === 'lost' ? below.message : english(msg('The connection to {0} was lost: {1}', host.alias, below.message));
    return new TransportError('lost', said, below.how, { cause: error ?? below });
  }
  const silent = error !== undefined && 'level' in error && error.level === 'client-timeout';
  const message = silent
    ? msg('The connection to {0} was lost: the host did not answer for {1} s.', host.alias, (host.keepAliveMs * (host.keepAliveCount + 1)) / 1000)
    : msg('The connection to {0} was lost.', host.alias);
  return new TransportError('lost', english(message), undefined, error === undefined ? undefined : { cause: error });
}

/** A jump host stopped the way to the target. The sentence names both. */
export function hopError(target: ResolvedHost, hop: ResolvedHost, error: unknown): unknown {
  if (!(error instanceof TransportError) || error.reason === 'cancelled') return error;
  return new TransportError(
    error.reason,
    english(msg('{0} is reached through {1}: {2}', target.alias, hop.alias, error.message)),
    error.how,
    { cause: error },
  );
}

/** A jump host is there and does not make the connection to the next host. */
export function forwardError(hop: ResolvedHost, next: ResolvedHost, error: Error): TransportError {
  const where = `${next.hostName}:${next.port}`;
  // RFC 4254 §5.1: 1 is administratively prohibited, 2 is connect failed.
  const refused = 'reason' in error && (error.reason === 1 || error.reason === 'ADMINISTRATIVELY_PROHIBITED');
  return refused
    ? new TransportError(
        'not-permitted',
        english(msg('The jump host {0} does not allow connections to {1}.', hop.alias, where)),
        english(msg('AllowTcpForwarding and PermitOpen in its sshd_config decide that.')),
        { cause: error },
      )
    : new TransportError(
        'unreachable',
        english(msg('The jump host {0} could not connect to {1}: {2}', hop.alias, where, plain(error.message))),
        undefined,
        { cause: error },
      );
}

/** The connection to a jump host ended, and the one inside it with it. */
export function hopLostError(host: ResolvedHost, hop: ResolvedHost, below: TransportError | undefined): TransportError {
  return new TransportError(
    'lost',
    english(msg('The connection to {0} was lost, because the one to the jump host {1} was.', host.alias, hop.alias)),
    below?.how,
    below === undefined ? undefined : { cause: below },
  );
}

/** What a server says is output of a host: one short line. */
function plain(text: string): string {
  return inline(text).replace(/^\(SSH\) Channel open failure:\s*/, '').slice(0, 200);
}

function unreachable(message: Parameters<typeof english>[0], options?: ErrorOptions): TransportError {
  return new TransportError('unreachable', english(message), undefined, options);
}

function checkHow(host: ResolvedHost): ReturnType<typeof msg> {
  return msg('Check the address, and whether a firewall lets port {0} through.', host.port);
}

/** `alias (address)` when the configuration maps one to the other. */
function addressOf(host: ResolvedHost): string {
  return host.alias === host.hostName ? host.alias : `${host.alias} (${host.hostName})`;
}
