import { randomBytes } from 'node:crypto';
import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'tun-stuck',
  title: 'a tunnel whose program does not read',
  expected: [{ cause: 'tun-reader-stuck', layer: 'link', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const host = await lab.host();
    const dev = `t${randomBytes(4).toString('hex')}`;
    await host.agent().tun(dev);
    await host.run('ip', 'link', 'set', dev, 'txqueuelen', '20', 'up');
    await host.run('ip', 'address', 'add', '10.251.7.1/24', 'dev', dev);
    const { socket } = await host.agent().udp();
    return {
      target: host,
      subject: { kind: 'interface', name: dev },
      async load() {
        await host.agent().sendTo(socket, { address: '10.251.7.2', port: 9 }, { count: 100, interval: 0.002 });
        return { 'interface.tx_dropped': [80, 105] };
      },
    };
  },
};
export default fault;
