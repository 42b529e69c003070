import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'closed-udp-port',
  title: 'datagrams for a port that no program has open',
  expected: [{ cause: 'udp-port-not-listening', layer: 'application', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: once, port } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().close([once]);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        const { sent } = await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 30, interval: 0.01 });
        return { 'Udp.NoPorts': sent };
      },
    };
  },
};
export default fault;
