/** A 32-bit number in network byte order. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A string of RFC 4251 §5: its length, then its bytes. */
export function string(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([u32(bytes.length), bytes]);
}

/** Reads numbers and strings one after the other. Throws a RangeError at the end of the bytes. */
export class WireReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  byte(): number {
    return this.bytes.readUInt8(this.step(1));
  }

  u32(): number {
    return this.bytes.readUInt32BE(this.step(4));
  }

  string(): Buffer {
    const length = this.u32();
    const from = this.step(length);
    return this.bytes.subarray(from, from + length);
  }

  private step(length: number): number {
    const from = this.at;
    if (from + length > this.bytes.length) throw new RangeError('the message is shorter than it says');
    this.at = from + length;
    return from;
  }
}

/** Longest message that is taken; OpenSSH’s own limit for a packet is 256 KiB (packet.c, PACKET_MAX_SIZE). */
const MAX_MESSAGE = 512 * 1024;

/** Cuts a stream into messages, each after its length in four bytes. */
export class MessageCutter {
  private parts: Buffer[] = [];
  private size = 0;

  /** Messages that are complete with this chunk. Throws a RangeError for one that is too long. */
  push(chunk: Buffer): Buffer[] {
    this.parts.push(chunk);
    this.size += chunk.length;
    if (this.size < 4) return [];
    let all = this.joined();
    const messages: Buffer[] = [];
    while (all.length >= 4) {
      const length = all.readUInt32BE(0);
      if (length > MAX_MESSAGE) throw new RangeError('the message is too long');
      if (all.length < 4 + length) break;
      messages.push(all.subarray(4, 4 + length));
      all = all.subarray(4 + length);
    }
    this.parts = all.length === 0 ? [] : [all];
    this.size = all.length;
    return messages;
  }

  private joined(): Buffer {
    const [only, ...more] = this.parts;
    return only !== undefined && more.length === 0 ? only : Buffer.concat(this.parts);
  }
}
