import type { Fault } from '../fault.js';
import { ipFrame } from '../packets.js';

const fault: Fault = {
  id: 'fragment-lost',
  title: 'datagrams of which one fragment never comes',
  expected: [{ cause: 'ip-reasm-timeout', layer: 'network', direction: 'rx' }],
  severity: 'loss',
  seconds: 4,
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.ipfrag_time', 1);
    return {
      target: far.host,
      async load() {
        const first = Array.from({ length: 12 }, (_, index) =>
          ipFrame(near, far, { protocol: 17, id: 100 + index, fragment: 0x2000 }, Buffer.alloc(800)),
        );
        await near.host.agent().frames(near.dev, first);
        return { 'Ip.ReasmTimeout': 12, 'Ip.ReasmFails': 12, 'Ip.ReasmReqds': 12 };
      },
    };
  },
};
export default fault;
