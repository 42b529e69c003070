import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'nft-reject',
  title: 'a firewall rule that refuses what comes for one port, and says so',
  expected: [{ cause: 'nf-reject', layer: 'netfilter', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().udp({ bind: far.address });
    await far.host.nft(`table inet filter { chain in { type filter hook input priority 0; udp dport ${port} counter reject; }; }`);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 60, interval: 0.02 });
        return { 'Ip.InReceives': [60, 80] };
      },
    };
  },
};
export default fault;
