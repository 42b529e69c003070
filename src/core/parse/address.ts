/**
 * How a local address is written in the keys of sockets: `0.0.0.0:22`, `[::]:22`, `[fe80::1]:546`. Every source of
 * sockets (old ss, current ss, /proc/net/*) is brought to this one form, so that their rows meet.
 */
export interface LocalAddress {
  /** Canonical, without the bound interface: `[::]:22`. */
  readonly key: string;
  /** As in the key, with the bound interface where there is one: `127.0.0.53%lo:53`. */
  readonly local: string;
  /** The address alone, without brackets: `::`. */
  readonly address: string;
  readonly port: string;
}

/** What `*` stands for in a listing of `ss`. */
export type Wildcard = 'ipv4' | 'ipv6';

/**
 * Tells what `*` stands for in a listing of `ss`. iproute2 before 4.15 writes it for 0.0.0.0 (and `:::22` for any IPv6
 * address); later versions write 0.0.0.0 in full, and `*` for an IPv6 socket that also takes IPv4. The rows give the
 * version away: `0.0.0.0:*` as a peer is later, an IPv6 address without brackets or an IPv4 socket with the peer
 * `*:*` is earlier.
 */
export function wildcardOf(pairs: Iterable<readonly [local: string, peer: string]>): Wildcard {
  let old = false;
  for (const [local, peer] of pairs) {
    if (peer.startsWith('0.0.0.0:') || local.startsWith('0.0.0.0')) return 'ipv6';
    if (isBareV6(local) || (peer === '*:*' && /^\d/.test(local))) old = true;
  }
  return old ? 'ipv4' : 'ipv6';
}

/** IPv6 without brackets, as old ss writes it: more than the one colon before the port. */
function isBareV6(text: string): boolean {
  return !text.startsWith('[') && text.indexOf(':') !== text.lastIndexOf(':');
}

/** Reads `ADDRESS[%INTERFACE]:PORT` as any version of ss prints it; `undefined` when the text is not one. */
export function parseLocal(text: string, wildcard: Wildcard): LocalAddress | undefined {
  const colon = text.lastIndexOf(':');
  const port = text.slice(colon + 1);
  if (colon < 1 || !/^(?:\d{1,5}|\*)$/.test(port)) return undefined;
  const host = text.slice(0, colon);
  const percent = host.indexOf('%');
  const bare = percent < 0 ? host : host.slice(0, percent);
  const scope = percent < 0 ? '' : host.slice(percent);
  const address = bareAddress(bare, wildcard);
  if (address === undefined) return undefined;
  const shown = address.includes(':') ? `[${address}]` : address;
  return { key: `${shown}:${port}`, local: `${shown}${scope}:${port}`, address, port };
}

function bareAddress(text: string, wildcard: Wildcard): string | undefined {
  if (text === '*') return wildcard === 'ipv4' ? '0.0.0.0' : '::';
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (inner.length > 45) return undefined;
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(inner)) return inner;
  return /^[0-9a-f:.]{2,45}$/i.test(inner) && inner.includes(':') ? inner : undefined;
}

/**
 * Decodes `ADDRESS:PORT` of /proc/net/{tcp,udp}{,6}: each 32-bit word of the address in hexadecimal in the host's
 * byte order, taken as little-endian (every architecture in wide use but s390x), the port big-endian
 * (net/ipv4/tcp_ipv4.c, net/ipv6/tcp_ipv6.c).
 */
export function decodeHexLocal(text: string): LocalAddress | undefined {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(text);
  const [, hex, hexPort] = match ?? [];
  if (hex === undefined || hexPort === undefined) return undefined;
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8) {
    for (let byte = 6; byte >= 0; byte -= 2) bytes.push(Number.parseInt(hex.slice(word + byte, word + byte + 2), 16));
  }
  const port = String(Number.parseInt(hexPort, 16));
  const address = bytes.length === 4 ? bytes.join('.') : formatIpv6(bytes);
  const key = bytes.length === 4 ? `${address}:${port}` : `[${address}]:${port}`;
  return { key, local: key, address, port };
}

/** Writes an IPv6 address as inet_ntop(3) of glibc does, which ss uses: the longest run of zeros shortened. */
export function formatIpv6(bytes: readonly number[]): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  // IPv4 in IPv6 keeps its dots: mapped (::ffff:1.2.3.4) and compatible (::1.2.3.4), but not :: and ::1.
  if (best.start === 0 && (best.length === 6 || (best.length === 5 && groups[5] === 0xffff))) {
    return `::${best.length === 5 ? 'ffff:' : ''}${bytes.slice(12, 16).join('.')}`;
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}
