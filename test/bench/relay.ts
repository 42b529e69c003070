import { connect, createServer, type Socket } from 'node:net';

/** A stretch of network on loopback: passes a TCP connection on and holds every piece for some time. */
export interface Relay {
  readonly port: number;
  stop(): Promise<void>;
}

/** Relays to `port` of 127.0.0.1; each direction takes `delayMs`, the opening of a connection included. */
export async function startRelay(port: number, delayMs: number): Promise<Relay> {
  const open = new Set<Socket>();
  const hold = (from: Socket, to: Socket): void => {
    open.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => open.delete(from));
    // Timers of one length fire in the order in which they were set: what came first goes first.
    from.on('data', (piece: Buffer) => setTimeout(() => to.write(piece), delayMs));
    from.on('end', () => setTimeout(() => to.end(), delayMs));
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    // On a real path the client would wait for the answer to its SYN; here the kernel has answered already.
    setTimeout(() => {
      const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      hold(far, near);
      hold(near, far);
    }, 2 * delayMs);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  return {
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
