import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'ports-used-up',
  title: 'more connections to one server than there are local ports: a risk, because nothing counts the failures',
  expected: [{ cause: 'ephemeral-port-exhaustion', layer: 'application', direction: 'tx' }],
  severity: 'risk',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await near.host.sysctl('net.ipv4.ip_local_port_range', '40000 40039');
    const { socket: listener, port } = await far.host.agent().listen(128);
    await far.host.agent().swallow(listener);
    const to = { address: far.address, port };
    await near.host.agent().connect(to, { count: 36, wait: 1 });
    return {
      target: near.host,
      async load() {
        const { errors } = await near.host.agent().connect(to, { count: 12, wait: 1, interval: 0.02 });
        if (!errors.includes('EADDRNOTAVAIL')) throw new Error(`The ports were not used up: ${errors.join(' ')}`);
        return {};
      },
    };
  },
};
export default fault;
