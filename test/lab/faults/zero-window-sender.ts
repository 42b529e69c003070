import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'zero-window-sender',
  title: 'a peer that never reads, seen on the sending host',
  expected: [{ cause: 'app-not-reading-tcp', layer: 'application', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(8);
    const socket = await near.host.agent().connected({ address: far.address, port });
    await far.host.agent().accept(listener);
    await near.host.agent().send(socket, 64_000_000, 0.3);
    return {
      target: near.host,
      async load() {
        return {};
      },
    };
  },
};
export default fault;
