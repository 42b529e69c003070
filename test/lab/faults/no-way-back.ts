import type { Fault } from '../fault.js';
import { TCP, tcpFrame } from '../packets.js';

const fault: Fault = {
  id: 'no-way-back',
  title: 'SYNs from a network to which the server has no route',
  expected: [
    { cause: 'tcp-listendrop-other', layer: 'transport', direction: 'rx' },
    { cause: 'ip-no-route-out', layer: 'network', direction: 'tx' },
  ],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(128);
    return {
      target: far.host,
      async load() {
        const syns = Array.from({ length: 40 }, (_, index) =>
          tcpFrame(near, far, { source: `192.0.2.${index + 1}`, sourcePort: 30000, port, flags: TCP.syn }),
        );
        await near.host.agent().frames(near.dev, syns, 0.005);
        return { 'TcpExt.ListenDrops': 40, 'TcpExt.ListenOverflows': 0, 'Ip.OutNoRoutes': 40 };
      },
    };
  },
};
export default fault;
