import type { Fault } from '../fault.js';
import { ipFrame } from '../packets.js';

const fault: Fault = {
  id: 'ip-truncated',
  title: 'packets shorter than their header says',
  expected: [{ cause: 'ip-truncated', layer: 'network', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    return {
      target: far.host,
      async load() {
        const frame = ipFrame(near, far, { protocol: 17, totalLength: 900 }, Buffer.alloc(60));
        await near.host.agent().frames(near.dev, Array<Buffer>(10).fill(frame), 0.01);
        return { 'IpExt.InTruncatedPkts': 10 };
      },
    };
  },
};
export default fault;
