import { connect as connectUnix, type Socket } from 'node:net';
import { MessageCutter, u32, WireReader } from './wire.js';

/** Messages of OpenSSH’s multiplexing protocol, version 4 (openssh/PROTOCOL.mux). */
const HELLO = 0x0000_0001;
const PROXY = 0x1000_000f;
const PROXY_GRANTED = 0x8000_000f;
const VERSION = 4;
const REQUEST_ID = 1;
/** How long a master, which is a process of this machine, may take to answer. */
const ANSWER_MS = 5_000;

/** A stream that carries the packets of RFC 4254 (channels), without encryption, to a master connection. */
export interface ProxyStream {
  readonly socket: Socket;
  readonly cutter: MessageCutter;
  /** Messages that came together with the master’s consent. */
  readonly first: readonly Buffer[];
}

/**
 * Asks the `ssh` master that listens at this socket to pass on channels of ours (proxy mode, OpenSSH 7.4 and later).
 * Rejects when nothing listens there, or when it refuses; the socket is then closed.
 */
export function openProxy(path: string): Promise<ProxyStream> {
  const socket = connectUnix(path);
  const cutter = new MessageCutter();
  return new Promise<ProxyStream>((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      // An error after this moment is reported by the stream’s owner, through its closing.
      socket.on('error', () => undefined);
      end();
    };
    const fail = (error: Error): void => settle(() => {
      socket.destroy();
      reject(error);
    });
    const timer = setTimeout(() => fail(new Error('the ssh master does not answer')), ANSWER_MS);
    socket.on('error', fail).on('close', () => fail(new Error('the ssh master closed its socket')));
    socket.on('connect', () => {
      for (const message of [[HELLO, VERSION], [PROXY, REQUEST_ID]]) {
        socket.write(Buffer.concat([u32(4 * message.length), ...message.map(u32)]));
      }
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        const messages = cutter.push(chunk);
        const consent = messages.findIndex(isConsent);
        if (consent < 0) return;
        socket.pause();
        settle(() => resolve({ socket, cutter, first: messages.slice(consent + 1) }));
      } catch (error) {
        fail(error instanceof Error ? error : new Error('unknown answer'));
      }
    });
  });
}

/** Throws for an answer that is neither the greeting nor consent. */
function isConsent(message: Buffer): boolean {
  const reader = new WireReader(message);
  const type = reader.u32();
  if (type === HELLO) {
    if (reader.u32() !== VERSION) throw new Error('the ssh master speaks another version of its protocol');
    return false;
  }
  if (type === PROXY_GRANTED && reader.u32() === REQUEST_ID) return true;
  throw new Error('the ssh master does not pass on channels');
}
