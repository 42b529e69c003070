import { isIP } from 'node:net';
import { english, msg } from '../../../core/message.js';
import { TransportError } from '../../transport.js';

/** What the person gave; each outranks the configuration. */
export interface HostWish {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/**
 * Throws `unsupported` for a name that must not reach a command line: one that looks like an option, or that a shell
 * would not leave alone, because `ProxyCommand` puts it into one (ssh.c, valid_hostname and valid_ruser).
 */
export function checkWish(wish: HostWish): void {
  const { host, user, port } = wish;
  if (host === '' || host.startsWith('-') || host.includes('@') || host.includes('://') || /['`"$\\;&<>|(){}\s\p{Cc}]/u.test(host)) {
    throw new TransportError('unsupported', english(msg('"{0}" is not a host name.', printable(host))));
  }
  if (user !== undefined && (user === '' || user.startsWith('-') || /['`";&<>|(){}\p{Cc}]|\s|\\$/u.test(user))) {
    throw new TransportError('unsupported', english(msg('"{0}" is not a user name.', printable(user))));
  }
  if (port !== undefined && !isPort(port)) {
    throw new TransportError('unsupported', english(msg('{0} is not a port number (1 to 65535).', port)));
  }
}

/** OpenSSH takes names in lower case and leaves addresses alone (ssh.c, "Don't lowercase addresses"). */
export function canonicalName(name: string): string {
  return isIP(name) === 0 ? name.toLowerCase() : name;
}

export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/** A value of the configuration that is not understood. */
export function badValue(alias: string, option: string, value: string | undefined): TransportError {
  return new TransportError(
    'unsupported',
    english(msg('The SSH configuration of {0} has a {1} that is not supported here: "{2}".', alias, option, printable(value ?? ''))),
    english(msg('Check it with "ssh -G HOST".')),
  );
}

/** Text of unknown origin on one short line. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?').slice(0, 200);
}
