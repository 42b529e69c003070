import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'full-and-firewalled',
  title: 'a full accept queue, and a firewall rule for another port',
  expected: [
    { cause: 'app-accept-too-slow', layer: 'application', direction: 'rx' },
    { cause: 'nf-drop-input', layer: 'netfilter', direction: 'rx' },
  ],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(2);
    const { port: closed } = await far.host.agent().udp({ bind: far.address });
    await far.host.nft(`table inet f { chain in { type filter hook input priority 0; udp dport ${closed} drop; }; }`);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await near.host.agent().connect({ address: far.address, port }, { count: 10 });
        await near.host.agent().sendTo(socket, { address: far.address, port: closed }, { count: 80, interval: 0.01 });
        return { 'TcpExt.ListenOverflows': [7, 30] };
      },
    };
  },
};
export default fault;
