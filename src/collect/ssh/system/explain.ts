import { english, msg } from '../../../core/message.js';
import { TransportError } from '../../transport.js';
import type { ResolvedHost } from '../config/resolvedHost.js';
import { closedWhileConnecting } from '../errors.js';

/** What is known of an `ssh` that ended before the connection stood. */
export interface EndedSsh {
  /** Exit status, 255 for an error of ssh’s own (ssh(1)); `null` when it could not be started. */
  readonly status: number | null;
  /** What it printed on its error output; a server’s banner may be part of it. */
  readonly printed: string;
  readonly program: string;
}

type Reason = TransportError['reason'];
type Sentence = ReturnType<typeof msg>;

/** An error of ssh: what it prints (of OpenSSH 7.4 to 10), and what that means. The first that fits counts. */
interface Known {
  readonly says: RegExp;
  readonly reason: Reason;
  sentence(host: ResolvedHost, said: RegExpExecArray): Sentence;
  how?(host: ResolvedHost): Sentence;
}

const KNOWN: readonly Known[] = [
  {
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed and you have requested strict checking/,
    reason: 'host-key-changed',
    sentence: (host) => msg('The host key of {0} has changed. Someone may be listening in.', host.alias),
    how: (host) => msg('Check the fingerprint with the administrator, then remove the old key: "ssh {0}" in a terminal shows where it is.', host.alias),
  },
  {
    says: /(REVOKED HOST KEY DETECTED|Host key .* revoked by file)/,
    reason: 'host-key-refused',
    sentence: (host) => msg('The host key of {0} is marked as revoked.', host.alias),
    how: () => msg('Ask the administrator of the host which key it has; a revoked key is never accepted.'),
  },
  {
    says: /No .* host key is known for .* and you have requested strict checking|Host key verification failed/,
    reason: 'host-key-unknown',
    sentence: (host) => msg('The host key of {0} is not known.', host.alias),
    how: (host) => msg('Connect once with "ssh {0}" in a terminal and compare the fingerprint; the key is known from then on.', host.alias),
  },
  {
    says: /Permission denied \(([^)\n]*)\)/,
    reason: 'authentication',
    sentence: (host, said) => msg('{0} did not let {1} in. It accepts: {2}.', addressOf(host), host.user, methodsIn(said[1] ?? '')),
    how: (host) => msg('Check the user name and the keys; "ssh {0}" in a terminal shows more.', host.alias),
  },
  {
    says: /Too many authentication failures|Permission denied|Authentication failed/,
    reason: 'authentication',
    sentence: (host) => msg('{0} did not let {1} in.', addressOf(host), host.user),
    how: (host) => msg('Check the user name and the keys; "ssh {0}" in a terminal shows more.', host.alias),
  },
  {
    says: /Unable to negotiate with|no matching .* found/,
    reason: 'unsupported',
    sentence: (host) => msg('{0} and this program have no safe SSH algorithm in common.', addressOf(host)),
    how: () => msg('The SSH server is very old or very restricted; open the host with Remote - SSH instead.'),
  },
  {
    says: /Bad configuration option: *(\S+)|Bad owner or permissions on (\S+)|terminating, \d+ bad configuration options|: line \d+: (.+)/i,
    reason: 'unsupported',
    sentence: (host) => msg('ssh does not accept the configuration of {0}.', host.alias),
    how: (host) => msg('"ssh {0}" in a terminal shows where it is wrong.', host.alias),
  },
  {
    says: /ssh_askpass: exec\(/,
    reason: 'unsupported',
    sentence: () => msg('ssh could not ask for a password, because programs cannot be run from the folder for temporary files.'),
    how: () => msg('Use a key in an agent, or set XDG_RUNTIME_DIR to a folder that is not mounted with noexec.'),
  },
  {
    says: /Connection refused/,
    reason: 'unreachable',
    sentence: (host) => msg('{0} refused the connection: nothing listens on port {1}.', addressOf(host), host.port),
  },
  {
    says: /Could not resolve hostname/,
    reason: 'unreachable',
    sentence: (host) => msg('The name {0} could not be resolved to an address.', host.hostName),
  },
  {
    says: /No route to host|Network is unreachable/,
    reason: 'unreachable',
    sentence: (host) => msg('There is no route to {0}.', addressOf(host)),
  },
  {
    says: /timed out/,
    reason: 'timeout',
    sentence: (host) => msg('{0} did not complete the SSH handshake on port {1} within {2} s.', addressOf(host), host.port, host.connectTimeoutMs / 1000),
    how: (host) => msg('Check the address, and whether a firewall lets port {0} through.', host.port),
  },
];

/** Says in a sentence why `ssh` could not connect. What ssh itself said last is the cause. */
export function explain(host: ResolvedHost, { status, printed, program }: EndedSsh): TransportError {
  const options = { cause: new Error(plain(printed).slice(-1000)) };
  if (status === null || status === 126 || status === 127) {
    return new TransportError(
      'unsupported',
      english(msg('The program {0}, which this connection needs, could not be started.', program)),
      english(msg('Install the OpenSSH client.')),
      options,
    );
  }
  for (const { says, reason, sentence, how } of KNOWN) {
    const said = says.exec(printed);
    if (said === null) continue;
    const advice = how?.(host);
    return new TransportError(reason, english(sentence(host, said)), advice === undefined ? undefined : english(advice), options);
  }
  return closedWhileConnecting(host, options);
}

/** Nobody could be asked for what the host wanted to know. */
export function nobodyToAsk(host: ResolvedHost): TransportError {
  return new TransportError(
    'authentication',
    english(msg('{0} did not let {1} in: it asks for a password or a code, and nobody could be asked.', addressOf(host), host.user)),
    english(msg('Connect to the host once by hand.')),
  );
}

/** The host asked the same thing again and again. */
export function asksForEver(host: ResolvedHost): TransportError {
  return new TransportError(
    'authentication',
    english(msg('{0} did not let {1} in: it asked again after every answer.', addressOf(host), host.user)),
    english(msg('Check the user name and the keys; "ssh {0}" in a terminal shows more.', host.alias)),
  );
}

/** Whether `ssh` is too old for an option that it was given. */
export function isTooOld(printed: string): boolean {
  return /Bad configuration option: *(knownhostscommand|forkafterauthentication|stdinnull)/i.test(printed);
}

function addressOf(host: ResolvedHost): string {
  return host.alias === host.hostName ? host.alias : `${host.alias} (${host.hostName})`;
}

/** Names of methods come from the host. */
function methodsIn(text: string): string {
  const names = text.split(',').filter((name) => /^[A-Za-z0-9@.-]{1,60}$/.test(name));
  return names.length === 0 ? '–' : names.join(', ');
}

function plain(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, '?');
}
