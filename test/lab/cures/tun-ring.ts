import { randomBytes } from 'node:crypto';
import type { Cure } from '../cure.js';
const cure: Cure = {
  id: 'tun-ring',
  title: 'bursts fit into the ring of a tunnel',
  runbook: 'tun-reader-stuck',
  fix: 'raise-tun-ring',
  async setUp(lab) {
    const host = await lab.host();
    const dev = `t${randomBytes(4).toString('hex')}`;
    const tun = await host.agent().tun(dev);
    await host.run('ip', 'link', 'set', dev, 'txqueuelen', '20', 'up');
    await host.run('ip', 'address', 'add', '10.251.7.1/24', 'dev', dev);
    const { socket } = await host.agent().udp();
    return {
      target: host,
      settings: [{ name: `txqueuelen of ${dev}`, before: '20', after: '1000' }],
      row: () => dev,
      // A burst, and only then the program reads.
      async load() {
        await host.agent().sendTo(socket, { address: '10.251.7.2', port: 9 }, { count: 100, interval: 0.001 });
        await host.agent().drain(tun);
      },
    };
  },
};
export default cure;
