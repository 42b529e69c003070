import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'link-set-down',
  title: 'an interface that somebody has set down, and programs that send to its network',
  expected: [{ cause: 'link-admin-down', layer: 'link', direction: 'both' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await near.host.run('ping', '-q', '-c', '3', '-i', '0.05', far.address);
    await near.host.run('ip', 'link', 'set', near.dev, 'down');
    const { socket } = await near.host.agent().udp();
    return {
      target: near.host,
      subject: { kind: 'interface', name: near.dev },
      async load() {
        const { errors } = await near.host.agent().sendTo(socket, { address: far.address, port: 9 }, { count: 20, interval: 0.02 });
        return { 'Ip.OutNoRoutes': errors['ENETUNREACH'] ?? 0 };
      },
    };
  },
};
export default fault;
