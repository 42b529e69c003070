import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Deflate refers back 32 KiB (RFC 1951): half of it is the dictionary, so that it is in reach also from the end of a value. */
const DICTIONARY = 16 * 1024;

/** A value that is held in little memory. */
export type Packed = Uint8Array;

/**
 * Holds many plain values that are much alike, the answers of one host, in a tenth to a thirtieth of their size: each is
 * compressed with the first one as its dictionary.
 */
export class Packer<T> {
  #dictionary: Buffer | undefined;

  pack(value: T): Packed {
    const text = Buffer.from(JSON.stringify(value));
    this.#dictionary ??= Buffer.from(text.subarray(0, DICTIONARY));
    // A copy: what the library answers is a piece of a larger block.
    return new Uint8Array(deflateRawSync(text, { dictionary: this.#dictionary, level: 1 }));
  }

  unpack(packed: Packed): T {
    const text = inflateRawSync(packed, this.#dictionary ? { dictionary: this.#dictionary } : {});
    return JSON.parse(text.toString()) as T;
  }
}
