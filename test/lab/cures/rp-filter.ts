import type { Cure } from '../cure.js';
import { udpFrame } from '../packets.js';
const cure: Cure = {
  id: 'rp-filter',
  title: 'packets pass whose way back leads elsewhere',
  runbook: 'ip-rp-filter',
  fix: 'rp-filter-loose',
  alone: 'rt_cache counts refused sources for the whole machine',
  aside: true,
  async setUp(lab) {
    const { near, router, inside, outside, far } = await lab.routed();
    await router.sysctl('net.ipv4.conf.all.rp_filter', 1);
    await router.sysctl(`net/ipv4/conf/${inside.dev}/rp_filter`, 0);
    await router.run('ip', 'route', 'add', '192.0.2.0/24', 'via', far.address);
    const frame = udpFrame(near, inside, { sourcePort: 30_000, port: 9, data: Buffer.alloc(50), ip: { source: '192.0.2.5', destination: outside.address } });
    return {
      target: router,
      settings: [{ name: `net.ipv4.conf.${inside.dev}.rp_filter`, before: '0', after: '2' }],
      row: () => inside.dev,
      async load() {
        await near.host.agent().frames(near.dev, Array<Buffer>(25).fill(frame), 0.01);
      },
    };
  },
};
export default cure;
