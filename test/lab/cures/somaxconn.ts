import { setTimeout as sleep } from 'node:timers/promises';
import type { Cure } from '../cure.js';
const cure: Cure = {
  id: 'somaxconn',
  title: 'bursts of clients fit into the accept queue, once the program has listened again',
  runbook: 'app-accept-too-slow',
  fix: 'raise-somaxconn',
  settings: [{ name: 'net.core.somaxconn', before: '4', after: '4096' }],
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.core.somaxconn', 4);
    const server = far.host.agent();
    let { socket: listener, port } = await server.listen(1024);
    return {
      target: far.host,
      row: () => `tcp 0.0.0.0:${port}`,
      // A burst, and only then the program accepts what waits.
      async load() {
        const { sockets } = await near.host.agent().connect({ address: far.address, port }, { count: 20 });
        await sleep(100);
        await server.drainAccepts(listener);
        await near.host.agent().close(sockets);
      },
      async restart() {
        await server.close([listener]);
        ({ socket: listener, port } = await server.listen(1024));
      },
    };
  },
};
export default cure;
