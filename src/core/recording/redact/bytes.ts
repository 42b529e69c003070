import { formatIpv6 } from '../../parse/address.js';

/** Addresses as bytes, and the ways in which a host writes them. */
export type Bytes = readonly number[];

/** `10.0.0.1`; `undefined` for anything else. */
export function parseV4(text: string): Bytes | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const bytes = match?.slice(1).map(Number);
  return bytes?.every((byte) => byte <= 255) === true ? bytes : undefined;
}

/** Any spelling of an IPv6 address, without brackets and scope (RFC 4291 2.2); `undefined` for anything else. */
export function parseV6(text: string): Bytes | undefined {
  if (text.length > 45 || !text.includes(':')) return undefined;
  const dotted = /^(.*:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text);
  const tail = dotted?.[2] === undefined ? [] : parseV4(dotted[2]);
  if (tail === undefined) return undefined;
  const head = dotted?.[1] ?? text;
  // The colon before the dotted part stands between groups, unless it is one of a pair.
  const colons = dotted !== null && !head.endsWith('::') ? head.slice(0, -1) : head;
  const halves = colons.split('::');
  if (halves.length > 2) return undefined;
  const [before, after] = halves.map(groupsOf);
  if (before === undefined || (halves.length === 2 && after === undefined)) return undefined;
  const known = [...before, ...(after ?? []), ...tail];
  if (halves.length === 1) return known.length === 16 ? known : undefined;
  if (known.length > 14) return undefined;
  return [...before, ...Array.from({ length: 16 - known.length }, () => 0), ...(after ?? []), ...tail];
}

function groupsOf(text: string): Bytes | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
}

export function formatV4(bytes: Bytes): string {
  return bytes.join('.');
}

export { formatIpv6 as formatV6 };

/** Bytes as hexadecimal digits, in the case of the text that they take the place of. */
export function hexLike(bytes: Bytes, like: string): string {
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return /[A-F]/.test(like) || !/[a-f]/.test(like) ? hex.toUpperCase() : hex;
}

export function parseHex(text: string): Bytes {
  return (text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

/** Turns each word of four bytes around: how /proc/net/tcp writes addresses on a little-endian host. */
export function turned(bytes: Bytes): Bytes {
  const words: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) words.push(...bytes.slice(at, at + 4).toReversed());
  return words;
}
