import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'netdev-ingress',
  title: 'a rule in a netdev table: captures see the packets, and nothing above does',
  alone: 'the trace of drops sees the whole machine',
  tier: 1,
  expected: [{ cause: 'nf-netdev-ingress', layer: 'netfilter', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.nft(`table netdev wire { chain in { type filter hook ingress device "${far.dev}" priority 0; udp dport 9 counter drop; }; }`);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port: 9 }, { count: 60, interval: 0.01 });
        return { 'rule.packets': [10, 60] };
      },
    };
  },
};
export default fault;
