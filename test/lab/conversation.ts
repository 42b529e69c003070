import type { End } from './lab.js';
import { TCP, tcpFrame } from './packets.js';

/** A TCP connection held by hand: what is sent is exactly what is asked for, however wrong. */
export interface Conversation {
  /** How many bytes the server was ready to take when it answered. */
  readonly window: number;
  /** The SYN that began it. */
  readonly syn: Buffer;
  /** A data segment so many bytes after the last one that was acknowledged. `time`: its timestamp, relative to the first. */
  segment(offset: number, data: Buffer, time?: number): Buffer;
}

const FIRST_TIME = 1_000_000;
const FIRST_SEQUENCE = 5000;

/** Connects a client that exists only here, on the link of `near`, with a server behind `far`. */
export async function converse(near: End, far: End, port: number, sourcePort: number): Promise<Conversation> {
  const source = near.address.replace(/\d+$/, '200');
  await far.host.run('ip', 'neighbour', 'replace', source, 'lladdr', near.mac, 'dev', far.dev, 'nud', 'permanent');
  // RFC 7323: two of padding, then the timestamp; RFC 9293: the largest segment.
  const times = (own: number, echo: number): Buffer => {
    const option = Buffer.from([1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
    option.writeUInt32BE(own, 4);
    option.writeUInt32BE(echo, 8);
    return option;
  };
  const base = { source, sourcePort, port };
  const mss = Buffer.from([2, 4, 1460 >> 8, 1460 & 255]);
  const syn = tcpFrame(near, far, {
    ...base,
    flags: TCP.syn,
    sequence: FIRST_SEQUENCE,
    options: Buffer.concat([mss, times(FIRST_TIME, 0)]),
  });
  const answer = await near.host.agent().answerTo(near.dev, syn, sourcePort);
  const tcp = answer.subarray(4 * ((answer[0] ?? 0) & 15));
  const acknowledge = (tcp.readUInt32BE(4) + 1) >>> 0;
  const at = tcp.indexOf(Buffer.from([8, 10]), 20);
  const theirs = at < 0 ? 0 : tcp.readUInt32BE(at + 2);
  const segment = (offset: number, data: Buffer, time = 1): Buffer =>
    tcpFrame(near, far, {
      ...base,
      flags: TCP.ack,
      sequence: FIRST_SEQUENCE + 1 + offset,
      acknowledge,
      options: times(FIRST_TIME + time, theirs),
      data,
    });
  await near.host.agent().frames(near.dev, [segment(0, Buffer.alloc(0))]);
  return { window: tcp.readUInt16BE(14), syn, segment };
}
