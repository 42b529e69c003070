import { isIP } from 'node:net';
import type { JumpHost } from './resolvedHost.js';

/**
 * Reads a `ProxyJump` list: `[user@]host[:port]` or `ssh://[user@]host[:port]`, separated by commas; an address with
 * colons stands in brackets. `none` is an empty list. Answers `undefined` when it is not a valid list, which OpenSSH
 * refuses as well (readconf.c, parse_jump).
 */
export function parseJumps(text: string): readonly JumpHost[] | undefined {
  const list = text.replace(/^"(.*)"$/, '$1');
  if (list.toLowerCase() === 'none') return [];
  const jumps: JumpHost[] = [];
  for (const word of list.split(',')) {
    const jump = parseJump(word);
    if (jump === undefined) return undefined;
    jumps.push(jump);
  }
  return jumps;
}

function parseJump(word: string): JumpHost | undefined {
  const uri = word.startsWith('ssh://');
  const text = uri ? word.slice('ssh://'.length).replace(/\/$/, '') : word;
  // The last @ ends the user name, which may hold one itself.
  const at = text.lastIndexOf('@');
  const user = at < 0 ? undefined : uri ? decoded(text.slice(0, at)) : text.slice(0, at);
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::(\d{0,5}))?$/.exec(text.slice(at + 1));
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !isName(host) || (at >= 0 && (user === undefined || !isName(user)))) return undefined;
  if (match?.[1] !== undefined && isIP(host.replace(/%.*$/, '')) === 0 && /[^A-Za-z0-9._-]/.test(host)) return undefined;
  const digits = match?.[3] ?? '';
  const port = digits === '' ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { host, user, port };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** What may go to a program's command line as a name: never an option, never several words. */
function isName(text: string): boolean {
  return text !== '' && !text.startsWith('-') && !/[\s\p{Cc}]/u.test(text);
}
