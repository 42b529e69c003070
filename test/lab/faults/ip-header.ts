import type { Fault } from '../fault.js';
import { ipFrame } from '../packets.js';

const fault: Fault = {
  id: 'ip-header',
  title: 'packets with an impossible IP version',
  expected: [{ cause: 'ip-header-error', layer: 'network', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    return {
      target: far.host,
      async load() {
        const frame = ipFrame(near, far, { protocol: 17, version: 6 }, Buffer.alloc(60));
        await near.host.agent().frames(near.dev, Array<Buffer>(12).fill(frame), 0.01);
        return { 'Ip.InHdrErrors': 12, 'IpExt.InCsumErrors': 0 };
      },
    };
  },
};
export default fault;
