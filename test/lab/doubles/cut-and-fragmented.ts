import type { Fault } from '../fault.js';
import { ipFrame } from '../packets.js';

const fault: Fault = {
  id: 'cut-and-fragmented',
  title: 'a fragment that never comes, and IP headers that are damaged',
  expected: [
    { cause: 'ip-reasm-timeout', layer: 'network', direction: 'rx' },
    { cause: 'ip-checksum', layer: 'network', direction: 'rx' },
  ],
  severity: 'loss',
  seconds: 4,
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.ipfrag_time', 1);
    return {
      target: far.host,
      async load() {
        const first = Array.from({ length: 15 }, (_, index) =>
          ipFrame(near, far, { protocol: 17, id: 100 + index, fragment: 0x2000 }, Buffer.alloc(800)),
        );
        await near.host.agent().frames(near.dev, first);
        const damaged = ipFrame(near, far, { protocol: 17, badChecksum: true }, Buffer.alloc(60));
        await near.host.agent().frames(near.dev, Array<Buffer>(20).fill(damaged), 0.01);
        return { 'Ip.ReasmTimeout': [13, 15], 'IpExt.InCsumErrors': [18, 20] };
      },
    };
  },
};
export default fault;
