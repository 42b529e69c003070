import { fork } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/**
 * A real fault on 127.0.0.1: a listener with room for two connections that never accepts one, and twelve clients that
 * go on trying. The kernel counts ListenOverflows. Ends by itself after five minutes.
 */
export async function overflowAcceptQueue(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const listener = fork(fileURLToPath(new URL('deaf-listener.mjs', import.meta.url)), { execArgv: [] });
  const ended = new Promise<void>((resolve) => listener.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    listener.once('message', (message) => resolve(Number(message)));
    listener.once('exit', () => reject(new Error('The listener ended before it told its port')));
  });
  const clients = new Set<Socket>();
  const knock = (): void => {
    const client = connect(port, '127.0.0.1');
    // A refused or timed out attempt is what the fault is about.
    client.on('error', () => undefined);
    clients.add(client);
    if (clients.size <= 12) return;
    const [oldest] = clients;
    oldest?.destroy();
    if (oldest) clients.delete(oldest);
  };
  const timer = setInterval(knock, 50);
  return {
    port,
    stop: async () => {
      clearInterval(timer);
      for (const client of clients) client.destroy();
      listener.kill('SIGKILL');
      await ended;
    },
  };
}
