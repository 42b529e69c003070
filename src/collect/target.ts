import { URI } from 'vscode-uri';
import { msg, type Message } from '../core/message.js';
import { CONTAINER_NAME } from '../core/namespaces/found.js';

/** Which network namespace of a host is meant. `host`: the one in which the host's shell runs. */
export type Namespace =
  | { readonly kind: 'host' }
  | { readonly kind: 'netns'; readonly name: string }
  | { readonly kind: 'pid'; readonly pid: number }
  | { readonly kind: 'container'; readonly id: string };

/** What is looked at: a host, and a network namespace in it. */
export type Target =
  | { readonly kind: 'local'; readonly namespace: Namespace }
  | {
      readonly kind: 'ssh';
      readonly user?: string;
      /** A host name, an address (IPv6 without brackets), or an alias of the ssh configuration. */
      readonly host: string;
      readonly port?: number;
      readonly namespace: Namespace;
    }
  /** A file of what was seen of a host at another time; `path` is absolute. */
  | { readonly kind: 'recording'; readonly path: string };

/** A target that is a host, and not a file about one. */
export type HostTarget = Exclude<Target, { readonly kind: 'recording' }>;

export type ParsedTarget =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'malformed'; readonly problem: Message };

const malformed = (problem: Message): ParsedTarget => ({ kind: 'malformed', problem });

/** The characters that OpenSSH refuses in host and user names too (ssh.c, valid_hostname and valid_ruser). */
const UNSAFE = /[\s\p{C}'"`$\\;&<>|(){}]/u;

/**
 * Reads a target: `local:/`, `ssh://[user@]host[:port]/`, each optionally followed by `netns/NAME`, `pid/PID` or
 * `container/ID`. Nothing is looked up. What is malformed is answered with a sentence that says what was expected.
 */
export function parseTarget(text: string): ParsedTarget {
  if (text.length > 1024) return malformed(msg('A target is at most 1024 characters long.'));
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== 'local' && scheme !== 'ssh' && scheme !== 'recording') {
    return malformed(msg('"{0}" is not a target. A target looks like local:/ or ssh://user@host/.', printable(text)));
  }
  const uri = readUri(text);
  if (uri === undefined) return malformed(msg('"{0}" is not a URI.', printable(text)));
  if (uri.query !== '' || uri.fragment !== '') {
    return malformed(msg('A target has no part after "?" or "#": "{0}".', printable(text)));
  }
  if (scheme === 'recording') return parseRecording(uri);
  const namespace = parseNamespace(uri.path);
  if (namespace.kind === 'malformed') return namespace;
  if (scheme === 'local') {
    if (uri.authority !== '') {
      return malformed(msg('local: names this machine and takes no host: write local:/ or ssh://{0}/.', printable(uri.authority)));
    }
    return { kind: 'target', target: { kind: 'local', namespace: namespace.value } };
  }
  return parseAuthority(uri.authority, namespace.value);
}

/** `recording:///home/ops/web-1.droplens`; on Windows `recording:///c:/Users/…`. */
function parseRecording(uri: URI): ParsedTarget {
  if (uri.authority !== '' || !uri.path.startsWith('/') || uri.path.length < 2 || /\p{Cc}/u.test(uri.path)) {
    return malformed(msg('A recording is named by its whole path: recording:///home/me/web-1.droplens.'));
  }
  return { kind: 'target', target: recordingTarget(URI.file(uri.path).fsPath) };
}

/** The target of a recording at an absolute path. */
export function recordingTarget(path: string): Extract<Target, { readonly kind: 'recording' }> {
  return { kind: 'recording', path };
}

function readUri(text: string): URI | undefined {
  try {
    return URI.parse(text);
  } catch {
    // vscode-uri throws for a path that RFC 3986 does not allow beside this authority.
    return undefined;
  }
}

/** The one spelling of a target: two texts name the same target when this is equal for both. */
export function formatTarget(target: Target): string {
  if (target.kind === 'recording') return URI.file(target.path).toString().replace(/^file:/, 'recording:');
  const path = formatNamespace(target.namespace);
  if (target.kind === 'local') return `local:/${path}`;
  const user = target.user === undefined ? '' : `${encodeURIComponent(target.user)}@`;
  const host = target.host.includes(':') ? `[${target.host.replace('%', '%25')}]` : encodeURIComponent(target.host);
  const port = target.port === undefined ? '' : `:${target.port}`;
  return `ssh://${user}${host}${port}/${path}`;
}

function formatNamespace(namespace: Namespace): string {
  switch (namespace.kind) {
    case 'host':
      return '';
    case 'netns':
      return `netns/${encodeURIComponent(namespace.name)}`;
    case 'pid':
      return `pid/${namespace.pid}`;
    case 'container':
      return `container/${encodeURIComponent(namespace.id)}`;
  }
}

function parseAuthority(authority: string, namespace: Namespace): ParsedTarget {
  const at = authority.lastIndexOf('@');
  const user = at < 0 ? undefined : authority.slice(0, at);
  const rest = authority.slice(at + 1);
  const parts = /^(?:\[(?<six>[0-9a-f:.]+(?:%[\w.-]+)?)\]|(?<name>[^:[\]]*))(?::(?<port>[^:]*))?$/is.exec(rest)?.groups;
  const host = parts?.['six'] ?? parts?.['name'];
  if (host === undefined) {
    return malformed(msg('"{0}" is not a host: write host, host:port or [IPv6 address]:port.', printable(rest)));
  }
  if (host === '') return malformed(msg('The host is missing: write ssh://user@host/.'));
  if (host.startsWith('-') || host.length > 255 || UNSAFE.test(host) || /[/@?#!*]/.test(host)) {
    return malformed(msg('"{0}" is not the name of a host.', printable(host)));
  }
  if (user !== undefined && (user === '' || user.startsWith('-') || user.length > 255 || UNSAFE.test(user) || /[/:@]/.test(user))) {
    return malformed(msg('"{0}" is not the name of a user. A password does not belong in a target.', printable(user)));
  }
  const portText = parts?.['port'];
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (!/^\d{1,5}$/.test(portText ?? '') || port < 1 || port > 65535)) {
    return malformed(msg('"{0}" is not a port: it is a number from 1 to 65535.', printable(portText ?? '')));
  }
  return {
    kind: 'target',
    target: {
      kind: 'ssh',
      ...(user === undefined ? {} : { user }),
      host,
      ...(port === undefined ? {} : { port }),
      namespace,
    },
  };
}

type ParsedNamespace = { readonly kind: 'namespace'; readonly value: Namespace } | { readonly kind: 'malformed'; readonly problem: Message };

function parseNamespace(path: string): ParsedNamespace {
  const found = (value: Namespace): ParsedNamespace => ({ kind: 'namespace', value });
  if (path === '' || path === '/') return found({ kind: 'host' });
  const [, kind = '', name = '', ...rest] = path.replace(/\/$/, '').split('/');
  if (!path.startsWith('/') || rest.length > 0 || !['netns', 'pid', 'container'].includes(kind)) {
    return {
      kind: 'malformed',
      problem: msg('"{0}" names no namespace: after the host stands nothing, netns/NAME, pid/PID or container/ID.', printable(path)),
    };
  }
  if (kind === 'netns') {
    return isNetnsName(name)
      ? found({ kind: 'netns', name })
      : { kind: 'malformed', problem: msg('"{0}" is not the name of a network namespace.', printable(name)) };
  }
  if (kind === 'pid') {
    // The kernel's upper limit of pid_max is 2^22 (include/linux/threads.h, PID_MAX_LIMIT).
    return /^[1-9]\d{0,6}$/.test(name) && Number(name) <= 4194304
      ? found({ kind: 'pid', pid: Number(name) })
      : { kind: 'malformed', problem: msg('"{0}" is not a process number.', printable(name)) };
  }
  return CONTAINER_NAME.test(name)
    ? found({ kind: 'container', id: name })
    : { kind: 'malformed', problem: msg('"{0}" is not the name or the number of a container.', printable(name)) };
}

/** Whether `ip netns` can have a namespace of this name: a file name (NAME_MAX 255) that is no option and no path. */
function isNetnsName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    !name.includes('..') &&
    !name.startsWith('-') &&
    !/[/\p{Cc}]/u.test(name) &&
    new TextEncoder().encode(name).length <= 255 &&
    // A lone surrogate has no UTF-8 form, so the host could not be asked for it.
    !/\p{Cs}/u.test(name)
  );
}

/** The text as it may stand in a sentence: no control characters, not endless. */
function printable(text: string): string {
  const clean = text.replace(/\p{C}/gu, '\u{fffd}');
  return clean.length > 80 ? `${clean.slice(0, 80)}…` : clean;
}
