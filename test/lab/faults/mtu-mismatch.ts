import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'mtu-mismatch',
  title: 'two ends of one link with different MTU',
  expected: [{ cause: 'l2-mtu-mismatch', layer: 'link', direction: 'both' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: sink, port } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    await far.host.run('ip', 'link', 'set', far.dev, 'mtu', '1000');
    const { socket } = await near.host.agent().udp();
    return {
      target: near.host,
      subject: { kind: 'interface', name: near.dev },
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 30, size: 1300, interval: 0.01 });
        return { 'interface.tx_dropped': 30 };
      },
    };
  },
};
export default fault;
