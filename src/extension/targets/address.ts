/**
 * Names of targets. A target is a URI: `local:/`, `ssh://[user@]host[:port]/`, with `/netns/NAME` as the path for a
 * network namespace. Pure text in, text out.
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

export type TargetKind = 'local' | 'ssh';

export function targetKind(target: string): TargetKind {
  return target.startsWith('ssh:') ? 'ssh' : 'local';
}

/** `local:/` or `ssh://…/` of a target inside it. */
export function hostOf(target: string): string {
  if (targetKind(target) === 'local') return 'local:/';
  const slash = target.indexOf('/', 'ssh://'.length);
  return slash < 0 ? `${target}/` : target.slice(0, slash + 1);
}

/** A network namespace by its name, within `target`'s host. */
export function namespaceTarget(target: string, name: string): string {
  return `${hostOf(target)}netns/${encodeURIComponent(name)}`;
}

/** Why a namespace's name is not acceptable: `ip netns` keeps each as a file under /run/netns. */
export function namespaceProblem(name: string): 'empty' | 'invalid' | undefined {
  if (name === '') return 'empty';
  return name === '.' || name === '..' || name.length > 255 || /[/\p{Cc}]/u.test(name) ? 'invalid' : undefined;
}

/** A target in the words of a person: `web-1`, `ops@10.0.0.7:2222`, `blue on web-1`; `local` for this machine. */
export function targetLabel(target: string, local: string): string {
  const host = targetKind(target) === 'local' ? local : decode(hostOf(target).slice('ssh://'.length, -1));
  const path = target.slice(hostOf(target).length).split('/');
  const inner = path.at(-1);
  return path.length === 2 && inner !== undefined && inner !== '' ? `${decode(inner)} · ${host}` : host;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
