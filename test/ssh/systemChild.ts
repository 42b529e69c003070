import { fileHostKeyStore } from '../../src/collect/ssh/hostKeyStore.js';
import { connectBySystem, systemMachine } from './systemSupport.js';

/**
 * A process that connects with the system's ssh, starts a program that ends with its input, tells the number of that
 * one, and stays until it is killed. Asked about a host key, it tells so and never answers. Arguments: home folder, alias,
 * place for private folders, file of host keys.
 */
async function main([home = '', host = '', runtime = '', store = '']: readonly string[]): Promise<void> {
  const asker = {
    hostKey: () => {
      process.send?.('asked');
      return new Promise<boolean>(() => undefined);
    },
    secret: () => Promise.resolve(undefined),
  };
  const place = { path: runtime, left: () => [], remove: () => Promise.resolve() };
  const transport = await connectBySystem({
    host,
    asker,
    interactive: true,
    client: 'system',
    mayRunPrograms: true,
    machine: systemMachine(home, place),
    ownStore: fileHostKeyStore(store),
  });
  const program = await transport.spawn(['sh', '-c', 'echo $$; exec cat']);
  for await (const chunk of program.stdout) process.send?.(Number(Buffer.from(chunk).toString()));
}

void main(process.argv.slice(2));
