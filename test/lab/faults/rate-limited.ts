import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'rate-limited',
  title: 'a rule that lets through so many datagrams a second and drops the others',
  alone: 'the trace of drops sees the whole machine',
  tier: 1,
  expected: [{ cause: 'nf-rate-limit', layer: 'netfilter', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    await far.host.nft(`table inet f { chain in { type filter hook input priority 0; udp dport ${port} limit rate over 20/second counter drop; }; }`);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 150, interval: 0.008 });
        return { 'rule.packets': [20, 150] };
      },
    };
  },
};
export default fault;
