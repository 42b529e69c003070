import { english, msg } from '../../core/message.js';
import { TransportError } from '../transport.js';
import type { AuthenticationRecord } from './authenticate.js';
import type { ResolvedHost } from './config/resolveHost.js';
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

/** A connection that worked is gone. */
export function lostError(host: ResolvedHost, error?: Error): TransportError {
  const silent = error !== undefined && 'level' in error && error.level === 'client-timeout';
  const message = silent
    ? msg('The connection to {0} was lost: the host did not answer for {1} s.', host.alias, (host.keepAliveMs * (host.keepAliveCount + 1)) / 1000)
    : msg('The connection to {0} was lost.', host.alias);
  return new TransportError('lost', english(message), undefined, error === undefined ? undefined : { cause: error });
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
