import type { Fault } from '../fault.js';
import { ipFrame } from '../packets.js';

const fault: Fault = {
  id: 'fragment-memory',
  title: 'more fragments than the memory for them',
  expected: [{ cause: 'ip-reasm-memory', layer: 'network', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.ipfrag_low_thresh', 4000);
    await far.host.sysctl('net.ipv4.ipfrag_high_thresh', 6000);
    return {
      target: far.host,
      async load() {
        const first = Array.from({ length: 40 }, (_, index) =>
          ipFrame(near, far, { protocol: 17, id: 100 + index, fragment: 0x2000 }, Buffer.alloc(800)),
        );
        await near.host.agent().frames(near.dev, first, 0.005);
        return { 'Ip.ReasmFails': [30, 40], 'Ip.ReasmTimeout': 0 };
      },
    };
  },
};
export default fault;
