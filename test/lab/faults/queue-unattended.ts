import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'queue-unattended',
  title: 'packets for a netfilter queue that no program reads',
  alone: 'the trace of drops sees the whole machine',
  tier: 1,
  expected: [{ cause: 'nfqueue-full', layer: 'netfilter', direction: 'both' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.run('iptables', '-A', 'INPUT', '-p', 'udp', '--dport', '9', '-j', 'NFQUEUE', '--queue-num', '3');
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port: 9 }, { count: 60, interval: 0.01 });
        return {};
      },
    };
  },
};
export default fault;
