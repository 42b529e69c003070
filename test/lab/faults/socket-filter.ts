import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'socket-filter',
  title: 'a filter on a UDP socket that refuses everything',
  expected: [{ cause: 'socket-filter-drop', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: sink, port } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().refuseAll(sink);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      subject: { kind: 'socket', name: `${far.address}:${port}` },
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 25, interval: 0.01 });
        return { 'Udp.InErrors': 25, 'udp.drops': 25 };
      },
    };
  },
};
export default fault;
