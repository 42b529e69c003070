import { msg, type Message } from '../message.js';
import { formatIpv6, parseLocal, type Wildcard } from '../parse/address.js';

export type FlowProtocol = 'tcp' | 'udp';

/** One end of a flow. The address in its one spelling: IPv4 in IPv6 as IPv4, IPv6 shortened and without brackets. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Who sends to whom, as one host sees it. */
export interface Tuple {
  readonly sender: Endpoint;
  readonly receiver: Endpoint;
}

/** Data in one direction between two programs. */
export interface Flow extends Tuple {
  readonly protocol: FlowProtocol;
  /** The same flow as the receiver's host sees it, where addresses or ports are translated on the way (NAT). */
  readonly there?: Tuple;
}

export type ParsedFlow = { readonly kind: 'flow'; readonly flow: Flow } | { readonly kind: 'malformed'; readonly problem: Message };

/**
 * Reads `tcp SENDER:PORT > RECEIVER:PORT`, IPv6 addresses in brackets. Where NAT is on the way, ` as SENDER:PORT >
 * RECEIVER:PORT` follows: what the receiver's host sees.
 */
export function parseFlow(text: string): ParsedFlow {
  const match = /^\s*(tcp|udp)\s+(\S+)\s*>\s*(\S+)(?:\s+as\s+(\S+)\s*>\s*(\S+))?\s*$/i.exec(text.slice(0, 512));
  const [, protocol, sender, receiver, senderThere, receiverThere] = match ?? [];
  const here = tupleOf(sender, receiver);
  const isTranslated = senderThere !== undefined;
  const there = tupleOf(senderThere, receiverThere);
  if (protocol === undefined || here === undefined || (isTranslated && there === undefined)) {
    return { kind: 'malformed', problem: msg('"{0}" is not a flow. Write it as: tcp 10.0.0.1:40000 > 10.0.0.2:5201', text.replace(/\p{C}/gu, '\u{fffd}').slice(0, 120)) };
  }
  const flow: Flow = { protocol: protocol.toLowerCase() === 'tcp' ? 'tcp' : 'udp', ...here, ...(there === undefined ? {} : { there }) };
  return { kind: 'flow', flow };
}

/** The one spelling of a flow: {@link parseFlow} reads it back. */
export function formatFlow(flow: Flow): string {
  const here = `${flow.protocol} ${formatTuple(flow)}`;
  return flow.there === undefined ? here : `${here} as ${formatTuple(flow.there)}`;
}

/** `10.0.0.1:40000`, `[2001:db8::1]:40000`. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What the host of one end calls the flow. */
export function tupleAt(flow: Flow, end: 'sender' | 'receiver'): Tuple {
  return end === 'receiver' && flow.there !== undefined ? flow.there : { sender: flow.sender, receiver: flow.receiver };
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address;
}

/** Reads `ADDRESS[%INTERFACE]:PORT` as ss prints it; `undefined` for one without a port (`0.0.0.0:*`) or another text. */
export function endpointOf(text: string, wildcard: Wildcard = 'ipv6'): Endpoint | undefined {
  const parsed = parseLocal(text, wildcard);
  const address = parsed === undefined ? undefined : canonicalAddress(parsed.address);
  const port = parsed === undefined || parsed.port === '*' ? Number.NaN : Number(parsed.port);
  return address === undefined || !(port >= 0 && port <= 65535) ? undefined : { address, port };
}

/** The one spelling of an address; `undefined` when the text is none. */
export function canonicalAddress(text: string): string | undefined {
  const dotted = dottedBytes(text);
  if (dotted !== undefined) return dotted.join('.');
  const bytes = ipv6Bytes(text);
  if (bytes === undefined) return undefined;
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return mapped ? bytes.slice(12).join('.') : formatIpv6(bytes);
}

function tupleOf(sender: string | undefined, receiver: string | undefined): Tuple | undefined {
  const [from, to] = [sender, receiver].map((text) => (text === undefined ? undefined : endpointOf(text)));
  return from === undefined || to === undefined || from.port === 0 || to.port === 0 ? undefined : { sender: from, receiver: to };
}

const formatTuple = ({ sender, receiver }: Tuple): string => `${formatEndpoint(sender)} > ${formatEndpoint(receiver)}`;

function dottedBytes(text: string): readonly number[] | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** The 16 bytes of an IPv6 address in any spelling of RFC 4291. */
function ipv6Bytes(text: string): readonly number[] | undefined {
  if (text.length > 45 || !text.includes(':')) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupBytes);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const known = [...head, ...(tail ?? [])];
  if (halves.length === 1) return known.length === 16 ? known : undefined;
  if (known.length > 14) return undefined;
  return [...head, ...Array.from({ length: 16 - known.length }, () => 0), ...(tail ?? [])];
}

function groupBytes(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const dotted = index === groups.length - 1 ? dottedBytes(group) : undefined;
    if (dotted !== undefined) bytes.push(...dotted);
    else if (/^[0-9a-f]{1,4}$/i.test(group)) bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255);
    else return undefined;
  }
  return bytes;
}
