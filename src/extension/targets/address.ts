/**
 * Names of targets. A target is a URI: `local:/`, `ssh://[user@]host[:port]/`, with `netns/NAME`, `pid/PID` or
 * `container/NAME` as the path for a network namespace. Pure text in, text out.
 */

/** What stands in an SSH address that a person typed. */
export interface SshAddress {
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

const USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\$?$/;
const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/;
const IPV6 = /^[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,32})?$/;

/**
 * Reads `[user@]host[:port]`, with an IPv6 address in brackets. A name that begins with `-` or holds anything a shell
 * or ssh would read otherwise is refused. `undefined`: not an address.
 */
export function parseSshAddress(text: string): SshAddress | undefined {
  const match = /^(?:([^@]*)@)?(?:\[([^\]]*)\]|([^:[\]@]*))(?::(\d{1,5}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, user, bracketed, plain, digits] = match;
  const host = bracketed ?? plain ?? '';
  if (user !== undefined && !USER.test(user)) return undefined;
  if (bracketed !== undefined ? !IPV6.test(bracketed) || !bracketed.includes(':') : !HOST.test(host)) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  return { user, host, port };
}

export function sshTarget({ user, host, port }: SshAddress): string {
  const shown = host.includes(':') ? `[${host.replace('%', '%25')}]` : host;
  return `ssh://${user === undefined ? '' : `${encodeURIComponent(user)}@`}${shown}${port === undefined ? '' : `:${port}`}/`;
}

export type TargetKind = 'local' | 'ssh' | 'recording';

export function targetKind(target: string): TargetKind {
  if (target.startsWith('recording:')) return 'recording';
  return target.startsWith('ssh:') ? 'ssh' : 'local';
}

/** `local:/` or `ssh://…/` of a target inside it; a recording itself. */
export function hostOf(target: string): string {
  if (targetKind(target) === 'recording') return target;
  if (targetKind(target) === 'local') return 'local:/';
  const slash = target.indexOf('/', 'ssh://'.length);
  return slash < 0 ? `${target}/` : target.slice(0, slash + 1);
}

/** What a network namespace within a host is named by. */
export type InsideKind = 'netns' | 'pid' | 'container';

/** A network namespace within `target`'s host. */
export function insideTarget(target: string, kind: InsideKind, name: string): string {
  return `${hostOf(target)}${kind}/${encodeURIComponent(name)}`;
}

/** Why a namespace's name is not acceptable: `ip netns` keeps each as a file under /run/netns. */
export function namespaceProblem(name: string): 'empty' | 'invalid' | undefined {
  if (name === '') return 'empty';
  return name === '.' || name === '..' || name.length > 255 || /[/\p{Cc}]/u.test(name) ? 'invalid' : undefined;
}

/** What a text may be the name of: a process by its number, a container or pod, a namespace of `ip netns`. */
export function typedNamespaces(target: string, text: string): readonly { readonly kind: InsideKind; readonly name: string; readonly target: string }[] {
  const name = text.trim();
  const kinds: InsideKind[] = [];
  // The kernel's upper limit of pid_max is 2^22 (include/linux/threads.h, PID_MAX_LIMIT).
  if (/^[1-9]\d{0,6}$/.test(name) && Number(name) <= 4_194_304) kinds.push('pid');
  if (/^[A-Za-z0-9][A-Za-z0-9_.@:-]{0,127}$/.test(name)) kinds.push('container');
  if (namespaceProblem(name) === undefined && !name.startsWith('-') && !name.includes('..')) kinds.push('netns');
  return kinds.map((kind) => ({ kind, name, target: insideTarget(target, kind, name) }));
}

/** What a target names, in parts, each as a person would write it. `local`: the name of this machine. */
export interface TargetParts {
  /** `web-1`, `ops@10.0.0.7:2222`. */
  readonly host: string;
  readonly inside: { readonly kind: InsideKind | 'service'; readonly name: string } | undefined;
}

export function targetParts(target: string, local: string): TargetParts {
  if (targetKind(target) === 'recording') return { host: decode(target.split('/').at(-1) ?? ''), inside: undefined };
  const host = targetKind(target) === 'local' ? local : decode(hostOf(target).slice('ssh://'.length, -1));
  const [, kind = '', text = ''] = /^(netns|pid|container)\/([^/]+)$/.exec(target.slice(hostOf(target).length)) ?? [];
  const name = decode(text);
  if (kind === 'container') return { host, inside: { kind: name.endsWith('.service') ? 'service' : 'container', name } };
  return { host, inside: kind === 'netns' || kind === 'pid' ? { kind, name } : undefined };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
