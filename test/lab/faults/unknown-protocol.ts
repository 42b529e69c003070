import type { Fault } from '../fault.js';
import { ipFrame } from '../packets.js';

const fault: Fault = {
  id: 'unknown-protocol',
  title: 'ESP for a host without IPsec',
  expected: [{ cause: 'ip-unknown-proto', layer: 'network', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    return {
      target: far.host,
      async load() {
        const frame = ipFrame(near, far, { protocol: 50 }, Buffer.alloc(60));
        await near.host.agent().frames(near.dev, Array<Buffer>(12).fill(frame), 0.01);
        return { 'Ip.InUnknownProtos': 12 };
      },
    };
  },
};
export default fault;
