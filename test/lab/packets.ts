import type { End } from './lab.js';

/** IPv4 header fields that differ from the ordinary. Offsets of RFC 791. */
export interface IpFields {
  readonly source?: string;
  readonly destination?: string;
  readonly protocol: number;
  readonly ttl?: number;
  readonly id?: number;
  /** Flags and fragment offset as they stand in the header: 0x2000 is "more fragments", the rest counts 8 bytes. */
  readonly fragment?: number;
  readonly version?: number;
  /** What the header claims, instead of the real length. */
  readonly totalLength?: number;
  readonly badChecksum?: boolean;
}

/** One Ethernet frame from one end of a link to the other. */
export function ethernet(from: End, to: { readonly mac: string }, type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(14);
  bytesOfMac(to.mac).copy(head, 0);
  bytesOfMac(from.mac).copy(head, 6);
  head.writeUInt16BE(type, 12);
  return Buffer.concat([head, payload]);
}

/** A frame with an IPv4 packet in it. */
export function ipFrame(from: End, to: End, fields: IpFields, payload: Buffer): Buffer {
  const { source = from.address, destination = to.address } = fields;
  const head = Buffer.alloc(20);
  head[0] = ((fields.version ?? 4) << 4) | 5;
  head.writeUInt16BE(fields.totalLength ?? 20 + payload.length, 2);
  head.writeUInt16BE(fields.id ?? 1, 4);
  head.writeUInt16BE(fields.fragment ?? 0, 6);
  head[8] = fields.ttl ?? 64;
  head[9] = fields.protocol;
  bytesOfAddress(source).copy(head, 12);
  bytesOfAddress(destination).copy(head, 16);
  head.writeUInt16BE(checksum(head) ^ (fields.badChecksum === true ? 0x5555 : 0), 10);
  return ethernet(from, to, 0x0800, Buffer.concat([head, payload]));
}

/** A UDP datagram in a frame; its checksum is right unless `bad`. */
export function udpFrame(
  from: End,
  to: End,
  what: { readonly sourcePort: number; readonly port: number; readonly data: Buffer; readonly bad?: boolean; readonly ip?: Partial<IpFields> },
): Buffer {
  const segment = Buffer.alloc(8 + what.data.length);
  segment.writeUInt16BE(what.sourcePort, 0);
  segment.writeUInt16BE(what.port, 2);
  segment.writeUInt16BE(segment.length, 4);
  what.data.copy(segment, 8);
  const source = what.ip?.source ?? from.address;
  const destination = what.ip?.destination ?? to.address;
  segment.writeUInt16BE(checksum(pseudo(source, destination, 17, segment)) ^ (what.bad === true ? 0x5555 : 0), 6);
  return ipFrame(from, to, { ...what.ip, protocol: 17 }, segment);
}

/** Flags of a TCP segment. */
export const TCP = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 } as const;

/** A TCP segment without data in a frame; its checksum is right unless `bad`. */
export function tcpFrame(
  from: End,
  to: End,
  what: {
    readonly sourcePort: number;
    readonly port: number;
    readonly flags: number;
    readonly sequence?: number;
    readonly acknowledge?: number;
    readonly bad?: boolean;
    readonly source?: string;
    /** Options of the header, in whole words of four bytes. */
    readonly options?: Buffer;
    readonly data?: Buffer;
  },
): Buffer {
  const options = what.options ?? Buffer.alloc(0);
  const head = Buffer.alloc(20);
  head.writeUInt16BE(what.sourcePort, 0);
  head.writeUInt16BE(what.port, 2);
  head.writeUInt32BE(what.sequence ?? 1000, 4);
  head.writeUInt32BE(what.acknowledge ?? 0, 8);
  head[12] = (5 + options.length / 4) << 4;
  head[13] = what.flags;
  head.writeUInt16BE(8192, 14);
  const segment = Buffer.concat([head, options, what.data ?? Buffer.alloc(0)]);
  const source = what.source ?? from.address;
  segment.writeUInt16BE(checksum(pseudo(source, to.address, 6, segment)) ^ (what.bad === true ? 0x5555 : 0), 16);
  return ipFrame(from, to, { source, protocol: 6 }, segment);
}

/** So many addresses of the network of `end` that no host has. */
export function strangers(end: End, count: number): readonly string[] {
  const net = end.address.split('.').slice(0, 3).join('.');
  return Array.from({ length: count }, (_, index) => `${net}.${10 + (index % 240)}`);
}

/** The Internet checksum (RFC 1071). */
function checksum(data: Buffer): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 2) sum += ((data[i] ?? 0) << 8) | (data[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function pseudo(source: string, destination: string, protocol: number, segment: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length[1] = protocol;
  length.writeUInt16BE(segment.length, 2);
  return Buffer.concat([bytesOfAddress(source), bytesOfAddress(destination), length, segment]);
}

const bytesOfMac = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex');
const bytesOfAddress = (address: string): Buffer => Buffer.from(address.split('.').map(Number));
