import type { Cure } from '../cure.js';
import { ipFrame } from '../packets.js';
const cure: Cure = {
  id: 'fragment-memory',
  title: 'fragments wait until they are whole',
  runbook: 'ip-reasm-memory',
  fix: 'raise-ipfrag-memory',
  settings: [{ name: 'net.ipv4.ipfrag_high_thresh', before: '6000', after: '4194304' }],
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.ipfrag_low_thresh', 4000);
    await far.host.sysctl('net.ipv4.ipfrag_high_thresh', 6000);
    // They are given up after a second, so that as many come as go.
    await far.host.sysctl('net.ipv4.ipfrag_time', 1);
    let id = 0;
    return {
      target: far.host,
      async load() {
        const first = Array.from({ length: 40 }, () => ipFrame(near, far, { protocol: 17, id: ++id % 60_000, fragment: 0x2000 }, Buffer.alloc(800)));
        await near.host.agent().frames(near.dev, first, 0.005);
      },
    };
  },
};
export default cure;
