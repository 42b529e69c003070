import { parseHex, type Bytes } from './bytes.js';

/** A keyed hash of a text: at least 32 hexadecimal digits that nobody without the key can foretell. */
export type KeyedHash = (text: string) => string;

/** How many /16 networks have pseudonyms of their own: 240.0 … 254.255, which no host in the world uses. */
const V4_NETWORKS = 15 * 256;
const V6_SITES = 65_536;

/**
 * Stands for addresses and names, each always by the same other one. Structure stays: addresses of one network stay in one
 * network (/16 and smaller, /48 and smaller), the last byte of an IPv4 address stays, interface identifiers that are made of
 * a link-layer address stay made of its pseudonym. What means the same on every host is kept: unspecified, loopback,
 * multicast, link-local, broadcast, netmasks.
 */
export class Pseudonyms {
  readonly #hash: KeyedHash;
  readonly #v4 = new Map<string, number>();
  readonly #v4Taken: Set<number>;
  readonly #v6 = new Map<string, number>();
  readonly #v6Taken: Set<number>;
  /** Networks of originals that look like pseudonyms: no pseudonym may be one of them. */
  readonly clashes = { v4: new Set<number>(), v6: new Set<number>() };

  constructor(hash: KeyedHash, avoid: Pseudonyms['clashes'] = { v4: new Set(), v6: new Set() }) {
    this.#hash = hash;
    this.#v4Taken = new Set(avoid.v4);
    this.#v6Taken = new Set(avoid.v6);
  }

  v4(bytes: Bytes): Bytes {
    const [a = 0, b = 0, c = 0, d = 0] = bytes;
    const kept = a === 0 || a === 127 || (a >= 224 && a <= 239) || a === 255 || (a === 169 && b === 254);
    if (kept) return bytes;
    if (a >= 240) this.clashes.v4.add((a - 240) * 256 + b);
    const network = this.#place(this.#v4, this.#v4Taken, V4_NETWORKS, `4 ${a}.${b}`);
    // One mask for a whole network keeps every prefix in it.
    const [mask = 0] = this.#bytes(`4 mask ${a}.${b}`, 1);
    return [240 + Math.floor(network / 256), network % 256, c ^ mask, d];
  }

  v6(bytes: Bytes): Bytes {
    const [a = 0, b = 0] = bytes;
    const zeros = (count: number): boolean => bytes.slice(0, count).every((byte) => byte === 0);
    // Unspecified, loopback, and IPv4 in IPv6 (::ffff:1.2.3.4, ::1.2.3.4, 64:ff9b::1.2.3.4).
    if (zeros(15)) return bytes;
    const carriesV4 = (zeros(10) && bytes[10] === 255 && bytes[11] === 255) || zeros(12) || isPrefix(bytes, [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]);
    if (carriesV4) return [...bytes.slice(0, 12), ...this.v4(bytes.slice(12))];
    if (a === 0xff) return isPrefix(bytes, SOLICITED_NODE) ? [...bytes.slice(0, 13), ...this.#low(bytes.slice(13))] : bytes;
    const identifier = this.#identifier(bytes.slice(8));
    if (a === 0xfe && (b & 0xc0) === 0x80) return [...bytes.slice(0, 8), ...identifier];
    if (isPrefix(bytes, DOCUMENTATION)) this.clashes.v6.add((bytes[4] ?? 0) * 256 + (bytes[5] ?? 0));
    const site = bytes.slice(0, 6).join('.');
    const place = this.#place(this.#v6, this.#v6Taken, V6_SITES, `6 ${site}`);
    const [high = 0, low = 0] = this.#bytes(`6 mask ${site}`, 2);
    return [...DOCUMENTATION, place >> 8, place & 255, (bytes[6] ?? 0) ^ high, (bytes[7] ?? 0) ^ low, ...identifier];
  }

  /** A link-layer address: six bytes, or several of them in a row, of which what is left over stays; eight or twenty of InfiniBand. */
  link(bytes: Bytes): Bytes {
    if (bytes.length === 8 || bytes.length === 20) return this.#bytes(`link ${bytes.join('.')}`, bytes.length);
    const result: number[] = [];
    for (let at = 0; at < bytes.length; at += 6) result.push(...this.#oneLink(bytes.slice(at, at + 6)));
    return result;
  }

  #oneLink(bytes: Bytes): Bytes {
    const [a = 0, b = 0, c = 0] = bytes;
    if (bytes.length < 6) return bytes;
    if (a === 0x33 && b === 0x33 && c === 0xff) return [a, b, c, ...this.#low(bytes.slice(3))];
    // A group, or no address at all. The second bit of a pseudonym says that nobody assigned it.
    if ((a & 1) === 1 || bytes.every((byte) => byte === 0)) return bytes;
    return [0x02, ...this.#bytes(`link ${bytes.join('.')}`, 5)];
  }

  /** A name of a host, a user, a domain. */
  name(kind: 'host' | 'user' | 'domain' | 'name', name: string): string {
    return `${kind}-${this.#hash(`name ${kind} ${name.toLowerCase()}`).slice(0, 8)}`;
  }

  #identifier(bytes: Bytes): Bytes {
    // Numbers that people give: ::1, ::53.
    if (bytes.slice(0, 6).every((byte) => byte === 0)) return bytes;
    if (bytes[3] !== 0xff || bytes[4] !== 0xfe) return this.#bytes(`identifier ${bytes.join('.')}`, 8).with(3, 0);
    // Modified EUI-64 (RFC 4291 appendix A): the universal bit is turned over.
    const link = this.link([(bytes[0] ?? 0) ^ 2, ...bytes.slice(1, 3), ...bytes.slice(5)]);
    return [(link[0] ?? 0) ^ 2, ...link.slice(1, 3), 0xff, 0xfe, ...link.slice(3)];
  }

  /** The last three bytes of an address, as they stand in the group to which its owner listens. */
  #low(bytes: Bytes): Bytes {
    return this.#bytes(`low ${bytes.join('.')}`, 3);
  }

  #bytes(text: string, count: number): number[] {
    return [...parseHex(this.#hash(text).slice(0, count * 2))];
  }

  /** A place of its own for a network, while there are any; beyond that networks share. */
  #place(known: Map<string, number>, taken: Set<number>, places: number, network: string): number {
    const found = known.get(network);
    if (found !== undefined) return found;
    let place = Number.parseInt(this.#hash(network).slice(0, 8), 16) % places;
    if (taken.size < places) while (taken.has(place)) place = (place + 1) % places;
    taken.add(place);
    known.set(network, place);
    return place;
  }
}

const DOCUMENTATION: Bytes = [0x20, 0x01, 0x0d, 0xb8];
const SOLICITED_NODE: Bytes = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff];

function isPrefix(bytes: Bytes, prefix: Bytes): boolean {
  return prefix.every((byte, at) => bytes[at] === byte);
}
