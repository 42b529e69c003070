import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'nft-drop-output',
  title: 'a firewall rule that drops what leaves for one port',
  expected: [{ cause: 'nf-drop-output', layer: 'netfilter', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().udp({ bind: far.address });
    await near.host.nft(`table inet filter { chain out { type filter hook output priority 0; udp dport ${port} counter drop; }; }`);
    const { socket } = await near.host.agent().udp();
    return {
      target: near.host,
      async load() {
        const { errors } = await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 40, interval: 0.01 });
        return { 'Ip.OutDiscards': errors['EPERM'] ?? 0 };
      },
    };
  },
};
export default fault;
