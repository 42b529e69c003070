import type { Row } from '../facts.js';
import { msg, type Message } from '../message.js';
import { parseSsSockets } from '../parse/ss-sockets.js';
import { lines, MAX_NAME, parseLevel, words } from '../parse/text.js';
import { canonicalAddress, endpointOf, type Endpoint } from './flow.js';
import { LISTED_SOCKETS } from './script.js';

/** A socket as ss lists it, with the same values as rows `socket`. */
export interface Socket {
  readonly local: Endpoint;
  /** `undefined`: not connected. */
  readonly peer: Endpoint | undefined;
  readonly row: Row;
}

/** What one host said to the flow script. */
export interface FlowReading {
  /** Seconds since the host's boot, before and after the sockets were read. */
  readonly begin: number;
  readonly end: number;
  readonly sockets: readonly Socket[];
  /** Sockets beyond those that are listed. */
  readonly leftOut: number;
  /** All UDP sockets of the host, asked for UDP flows only. */
  readonly udpSockets: number | undefined;
  /** The interface by which the other end is reached. */
  readonly dev: string | undefined;
}

export type ParsedReading = { readonly kind: 'reading'; readonly reading: FlowReading } | { readonly kind: 'unreadable'; readonly why: Message };

/** Reads what FLOW_SCRIPT printed. Lines that are none of its own are ignored. */
export function parseReading(text: string): ParsedReading {
  const sockets: Socket[] = [];
  const values = new Map<string, number>();
  let dev: string | undefined;
  let body = false;
  let stray: string | undefined;
  for (const { text: line } of lines(text)) {
    const [name = '', value = ''] = words(line);
    if (name === 'droplens-sockets') body = true;
    else if (name === 'droplens-dev' && value.length <= MAX_NAME) dev = value;
    else if (/^droplens-(begin|end|all|udp)$/.test(name)) {
      if (name === 'droplens-all') body = false;
      const level = parseLevel(value);
      if (level !== undefined) values.set(name.slice('droplens-'.length), level);
    } else if (body && sockets.length < LISTED_SOCKETS) {
      const socket = socketOf(line);
      if (socket !== undefined) sockets.push(socket);
    } else stray ??= line.trim().slice(0, 200);
  }
  const [begin, end, all] = [values.get('begin'), values.get('end'), values.get('all')];
  if (!text.includes('droplens-sockets') || begin === undefined || end === undefined || all === undefined) {
    return { kind: 'unreadable', why: stray === undefined ? msg('ss gave no list of sockets') : msg('ss gave no list of sockets: {0}', stray) };
  }
  const leftOut = Math.max(0, all - LISTED_SOCKETS);
  return { kind: 'reading', reading: { begin, end, sockets, leftOut, udpSockets: values.get('udp'), dev } };
}

/** Reads what ADDRESS_SCRIPT printed: the host's addresses, each once. */
export function parseAddresses(text: string): readonly string[] {
  const found = [...lines(text)].flatMap(({ text: line }) => canonicalAddress(line.trim()) ?? []);
  return [...new Set(found)];
}

function socketOf(line: string): Socket | undefined {
  const rest = /^\s*[A-Z][A-Z0-9-]*\s+(\d.*)$/.exec(line)?.[1];
  const row = rest === undefined ? undefined : parseSsSockets(`${rest}\ndroplens-left-out 0`).rows[0];
  const local = endpointOf(row?.labels.get('local') ?? '');
  return row === undefined || local === undefined ? undefined : { local, peer: endpointOf(row.labels.get('peer') ?? ''), row };
}
