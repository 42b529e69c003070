import type { Fault } from '../fault.js';
import { udpFrame } from '../packets.js';

const fault: Fault = {
  id: 'udp-checksum',
  title: 'UDP datagrams damaged on the way',
  expected: [{ cause: 'udp-checksum', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    return {
      target: far.host,
      async load() {
        const frame = udpFrame(near, far, { sourcePort: 30000, port, data: Buffer.alloc(80), bad: true });
        await near.host.agent().frames(near.dev, Array<Buffer>(15).fill(frame), 0.01);
        return { 'Udp.InCsumErrors': 15, 'Udp.InErrors': 15 };
      },
    };
  },
};
export default fault;
