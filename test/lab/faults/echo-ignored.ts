import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'echo-ignored',
  title: 'a host that is set to ignore ping: a risk that no counter shows',
  expected: [{ cause: 'icmp-echo-ignored', layer: 'transport', direction: 'rx' }],
  severity: 'risk',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.icmp_echo_ignore_all', 1);
    return {
      target: far.host,
      async load() {
        await near.host.attempt('ping', '-q', '-c', '20', '-i', '0.02', '-W', '1', far.address);
        return { 'Icmp.InEchos': 20, 'Icmp.OutEchoReps': 0 };
      },
    };
  },
};
export default fault;
