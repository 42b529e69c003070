import type { Fault } from '../fault.js';
import { udpFrame } from '../packets.js';

const fault: Fault = {
  id: 'rp-filter',
  title: 'strict reverse path check, and packets from a network that lies the other way',
  alone: 'rt_cache counts refused sources for the whole machine',
  expected: [{ cause: 'ip-rp-filter', layer: 'network', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, router, inside, outside, far } = await lab.routed();
    await router.sysctl('net.ipv4.conf.all.rp_filter', 1);
    await router.run('ip', 'route', 'add', '192.0.2.0/24', 'via', far.address);
    return {
      target: router,
      async load() {
        const frame = udpFrame(near, inside, {
          sourcePort: 30000,
          port: 9,
          data: Buffer.alloc(50),
          ip: { source: '192.0.2.5', destination: outside.address },
        });
        await near.host.agent().frames(near.dev, Array<Buffer>(25).fill(frame), 0.01);
        return { 'TcpExt.IPReversePathFilter': 25 };
      },
    };
  },
};
export default fault;
