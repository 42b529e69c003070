import { formatV4, formatV6, hexLike, parseHex, parseV4, parseV6, turned } from './bytes.js';
import type { Pseudonyms } from './pseudonyms.js';

/**
 * Replaces every address in a text, in all the forms in which a host's files and programs print them. `ports`: whether an
 * IPv6 address without brackets is followed by a port, as old versions of ss print it.
 */
export function withoutAddresses(text: string, names: Pseudonyms, ports: boolean): string {
  return text
    .replace(ARPA4, (_whole, reversed: string) => `${formatV4(names.v4(reversed.split('.').map(Number).toReversed()).toReversed())}.in-addr.arpa`)
    .replace(ARPA6, (_whole, nibbles: string) => `${arpa6(nibbles, names)}ip6.arpa`)
    .replace(DASHED_V4, (whole, a: string, b: string, c: string, d: string) => {
      const bytes = parseV4([a, b, c, d].join('.'));
      return bytes === undefined ? whole : `ip-${names.v4(bytes).join('-')}`;
    })
    .replace(DASHED_LINK, (whole) => linkLike(whole, '-', names))
    .replace(NAMED_LINK, (_whole, kind: string, hex: string) => `${kind}${hexLike(names.link(parseHex(hex)), hex)}`)
    .replace(HEADER_BYTES, (_whole, head: string, bytes: string) => `${head}${linkLike(bytes, ' ', names)}`)
    .replace(ROUTE, (_whole, dev: string, destination: string, gap: string, gateway: string) => `${dev}${wordV4(destination, names)}${gap}${wordV4(gateway, names)}`)
    .replace(BARE_V6, (whole) => hexLike(names.v6(parseHex(whole)), whole))
    .replace(RUN, (whole, at: number, all: string) => run(whole, all[at - 1] ?? '', ports, names));
}

const ARPA4 = /(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})\.in-addr\.arpa/gi;
const ARPA6 = /(?<![0-9a-f.])((?:[0-9a-f]\.){32})ip6\.arpa/gi;
/** As clouds name their machines: ip-10-0-0-1. */
const DASHED_V4 = /(?<![0-9A-Za-z])ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(?!\d)/g;
const DASHED_LINK = /(?<![0-9A-Za-z-])[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}(?![0-9A-Za-z-])/g;
/** Interfaces that systemd names after their address. */
const NAMED_LINK = /(?<![0-9A-Za-z])(enx|wlx|wwx)([0-9a-f]{12})(?![0-9A-Za-z])/g;
/** The bytes of a link-layer header as the kernel prints them beside a martian packet. */
const HEADER_BYTES = /(header:? (?:[0-9a-f]{8}: )?)((?:[0-9a-f]{2} ){5,}[0-9a-f]{2})/g;
/** A line of /proc/net/route: interface, destination, gateway. */
const ROUTE = /^(\S+\t+)([0-9A-F]{8})(\t+)([0-9A-F]{8})(?=\t)/gm;
/** An IPv6 address without colons: /proc/net/if_inet6, /proc/net/ipv6_route. */
const BARE_V6 = /(?<![0-9A-Za-z:.-])[0-9A-Fa-f]{32}(?![0-9A-Za-z:-])/g;
/** Everything that an address could be written with, in one piece. */
const RUN = /[0-9A-Fa-f:.]+/g;

/** A piece of a text that may be an address, with punctuation around it. `behind`: the character before it. */
function run(whole: string, behind: string, ports: boolean, names: Pseudonyms): string {
  if (whole.length < 3 || !/[.:]/.test(whole)) return whole;
  // Letters that go on from a word before them are a part of it: std::move.
  let from = /[A-Za-z_]/.test(behind) ? (/^[A-Fa-f]+/.exec(whole)?.[0].length ?? 0) : 0;
  if (whole[from] === ':' && whole[from + 1] !== ':') from += 1;
  while (whole[from] === '.') from += 1;
  let to = whole.length;
  if (to > from && whole[to - 1] === ':' && whole[to - 2] !== ':') to -= 1;
  while (to > from && whole[to - 1] === '.') to -= 1;
  return `${whole.slice(0, from)}${address(whole.slice(from, to), ports && behind !== '[', names)}${whole.slice(to)}`;
}

function address(text: string, port: boolean, names: Pseudonyms): string {
  const socket = /^([0-9A-Fa-f]{8}|[0-9A-Fa-f]{32})(:[0-9A-Fa-f]{4})$/.exec(text);
  if (socket?.[1] !== undefined) return `${words(socket[1], names)}${socket[2] ?? ''}`;
  if (/^[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}$/.test(text)) return dottedLink(text, names);
  const groups = text.split(':');
  if (groups.length >= 6 && groups.every((group) => /^[0-9A-Fa-f]{1,2}$/.test(group)) && (groups.length !== 8 || groups.every((group) => group.length === 2))) {
    return linkLike(text, ':', names);
  }
  // A number of a bridge before the address: 8000.52:54:0:12:34:56.
  const bridge = /^([0-9A-Fa-f]{4}\.)((?:[0-9A-Fa-f]{1,2}:){5}[0-9A-Fa-f]{1,2})$/.exec(text);
  if (bridge?.[2] !== undefined) return `${bridge[1] ?? ''}${linkLike(bridge[2], ':', names)}`;
  const withPort = /^(.*):(\d{1,5})$/.exec(text);
  if (port && withPort?.[1] !== undefined) {
    const inner = parseV6(withPort[1]);
    if (inner !== undefined) return `${formatV6(names.v6(inner))}:${withPort[2] ?? ''}`;
  }
  const six = parseV6(text);
  if (six !== undefined) return formatV6(names.v6(six));
  const inner = withPort?.[1] === undefined ? undefined : parseV6(withPort[1]);
  if (inner !== undefined) return `${formatV6(names.v6(inner))}:${withPort?.[2] ?? ''}`;
  // tcpdump puts the port behind a fifth dot.
  return text.replace(/(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)/g, (quad) => {
    const four = parseV4(quad);
    return four === undefined ? quad : formatV4(names.v4(four));
  });
}

/** Words of four bytes in the order of a little-endian host. */
function words(hex: string, names: Pseudonyms): string {
  const bytes = turned(parseHex(hex));
  return hexLike(turned(bytes.length === 4 ? names.v4(bytes) : names.v6(bytes)), hex);
}

function wordV4(hex: string, names: Pseudonyms): string {
  return words(hex, names);
}

/** A link-layer address whose bytes stand between separators; bytes without a leading zero get none. */
function linkLike(text: string, separator: string, names: Pseudonyms): string {
  const digits = text.split(separator);
  const padded = digits.every((byte) => byte.length === 2);
  const upper = /[A-F]/.test(text);
  return names
    .link(digits.map((byte) => Number.parseInt(byte, 16)))
    .map((byte) => {
      const hex = byte.toString(16).padStart(padded ? 2 : 1, '0');
      return upper ? hex.toUpperCase() : hex;
    })
    .join(separator);
}

function dottedLink(text: string, names: Pseudonyms): string {
  const hex = hexLike(names.link(parseHex(text.replaceAll('.', ''))), text);
  return (hex.match(/.{4}/g) ?? []).join('.');
}

function arpa6(nibbles: string, names: Pseudonyms): string {
  const bytes = parseHex(nibbles.split('.').toReversed().join(''));
  return [...hexLike(names.v6(bytes), nibbles)].toReversed().map((nibble) => `${nibble}.`).join('');
}
