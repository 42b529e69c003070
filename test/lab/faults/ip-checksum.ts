import type { Fault } from '../fault.js';
import { ipFrame } from '../packets.js';

const fault: Fault = {
  id: 'ip-checksum',
  title: 'IP headers damaged on the way',
  expected: [{ cause: 'ip-checksum', layer: 'network', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    return {
      target: far.host,
      async load() {
        const frame = ipFrame(near, far, { protocol: 17, badChecksum: true }, Buffer.alloc(60));
        await near.host.agent().frames(near.dev, Array<Buffer>(15).fill(frame), 0.01);
        return { 'IpExt.InCsumErrors': 15 };
      },
    };
  },
};
export default fault;
