import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ResolvedHost } from './config/resolvedHost.js';
import type { TransportError } from '../transport.js';

/** The way on which the bytes of one SSH connection travel: a socket, a channel of a jump host, or a program. */
export interface Carrier {
  readonly stream: Duplex;
  /** Ends what lies below after the connection is over: the jump hosts, the program. Politely; may be called twice. */
  close(): void;
  /** Cuts it at once, whether or not the other side takes part. May be called twice. */
  destroy(): void;
  /** What went wrong below, when the connection ended because of it. */
  failure(): TransportError | undefined;
}

/** Address families as node:net numbers them; 0 takes either. */
const FAMILY: Readonly<Record<ResolvedHost['family'], number>> = { any: 0, ipv4: 4, ipv6: 6 };

/** A TCP connection that is being made. It is ours, because the library does not let go of one whose other side is silent. */
export function tcpCarrier(host: ResolvedHost): Carrier {
  const socket = connectTcp({ host: host.hostName, port: host.port, family: FAMILY[host.family] });
  // Requests are small and answered one at a time: waiting for more data to send together only adds delay.
  socket.setNoDelay(true);
  const destroy = (): void => {
    socket.destroy();
  };
  return { stream: socket, close: destroy, destroy, failure: () => undefined };
}
