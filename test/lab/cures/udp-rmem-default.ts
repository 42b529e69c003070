import { setTimeout as sleep } from 'node:timers/promises';
import type { Cure } from '../cure.js';
const cure: Cure = {
  id: 'udp-rmem-default',
  title: 'a UDP socket that is opened again holds a burst',
  runbook: 'app-not-reading-udp',
  fix: 'raise-rmem-default',
  settings: [{ name: 'net.core.rmem_default', before: '65536', after: '1048576' }],
  alone: 'rmem_default is one value for the machine',
  aside: true,
  async setUp(lab) {
    await lab.machineSysctl('net.core.rmem_default', 65_536);
    const agent = lab.machineAgent();
    const open = (): Promise<{ socket: number; port: number }> => agent.udp({ bind: '127.0.0.1' });
    let receiver = await open();
    const { socket } = await agent.udp();
    return {
      target: 'machine',
      // A burst, and only then the program reads.
      async load() {
        await agent.sendTo(socket, { address: '127.0.0.1', port: receiver.port }, { count: 200, size: 1000 });
        await sleep(50);
        await agent.drain(receiver.socket);
      },
      async restart() {
        await agent.close([receiver.socket]);
        receiver = await open();
      },
    };
  },
};
export default cure;
