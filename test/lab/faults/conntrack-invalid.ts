import type { Fault } from '../fault.js';
import { TCP, tcpFrame } from '../packets.js';

const fault: Fault = {
  id: 'conntrack-invalid',
  title: 'a rule that drops what connection tracking calls invalid',
  expected: [{ cause: 'ct-invalid-drop', layer: 'netfilter', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.nft('table inet f { chain in { type filter hook input priority 0; ct state invalid counter drop; }; }');
    const { port } = await far.host.agent().listen(16);
    return {
      target: far.host,
      async load() {
        const stray = Array.from({ length: 40 }, (_, index) =>
          tcpFrame(near, far, { sourcePort: 20000 + index, port, flags: TCP.syn | TCP.ack, acknowledge: 77 }),
        );
        await near.host.agent().frames(near.dev, stray, 0.005);
        return { 'nf_conntrack.invalid': 40 };
      },
    };
  },
};
export default fault;
