import type { Fault } from '../fault.js';
import { TCP, tcpFrame } from '../packets.js';

const fault: Fault = {
  id: 'tcp-checksum',
  title: 'TCP segments damaged on the way',
  expected: [{ cause: 'tcp-checksum', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(16);
    return {
      target: far.host,
      async load() {
        const frame = tcpFrame(near, far, { sourcePort: 30000, port, flags: TCP.ack, bad: true });
        await near.host.agent().frames(near.dev, Array<Buffer>(15).fill(frame), 0.01);
        return { 'Tcp.InCsumErrors': 15 };
      },
    };
  },
};
export default fault;
