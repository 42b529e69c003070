import type { Fault } from '../fault.js';
import { udpFrame } from '../packets.js';

const fault: Fault = {
  id: 'martians',
  title: 'packets with an impossible source',
  alone: 'rt_cache counts martians for the whole machine',
  expected: [{ cause: 'ip-martian', layer: 'network', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    return {
      target: far.host,
      async load() {
        const frame = udpFrame(near, far, { sourcePort: 1, port: 9, data: Buffer.alloc(40), ip: { source: '127.0.0.1' } });
        await near.host.agent().frames(near.dev, Array<Buffer>(40).fill(frame), 0.01);
        return { 'rt_cache.in_martian_src': [40, 60] };
      },
    };
  },
};
export default fault;
