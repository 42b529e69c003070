import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'arp-silent',
  title: 'a host that is set not to answer ARP: a risk that no counter shows',
  expected: [{ cause: 'arp-ignored', layer: 'neighbour', direction: 'rx' }],
  severity: 'risk',
  async setUp(lab) {
    const { far } = await lab.pair();
    await far.host.sysctl('net.ipv4.conf.all.arp_ignore', 8);
    return {
      target: far.host,
      async load() {
        return {};
      },
    };
  },
};
export default fault;
