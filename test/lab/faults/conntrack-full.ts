import type { Fault } from '../fault.js';
import { udpFrame } from '../packets.js';

const fault: Fault = {
  id: 'conntrack-full',
  title: 'more flows than the connection tracking table holds',
  alone: 'nf_conntrack_max is one value for the machine',
  expected: [{ cause: 'ct-table-full', layer: 'netfilter', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.nft('table inet f { chain in { type filter hook input priority 0; ct state established counter; }; }');
    await lab.machineSysctl('net.netfilter.nf_conntrack_max', 64);
    const { port, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    return {
      target: far.host,
      async load() {
        const flows = Array.from({ length: 200 }, (_, index) =>
          udpFrame(near, far, { sourcePort: 20000 + index, port, data: Buffer.alloc(40) }),
        );
        await near.host.agent().frames(near.dev, flows, 0.003);
        return { 'nf_conntrack.drop': [100, 140] };
      },
    };
  },
};
export default fault;
