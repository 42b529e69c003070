import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'close-wait',
  title: 'a program that never closes what its peers have closed: a risk',
  expected: [{ cause: 'app-close-wait-leak', layer: 'application', direction: 'both' }],
  severity: 'risk',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(256);
    const { sockets } = await near.host.agent().connect({ address: far.address, port }, { count: 120, wait: 1 });
    await far.host.agent().accept(listener, 120);
    await near.host.agent().close(sockets);
    return {
      target: far.host,
      async load() {
        return {};
      },
    };
  },
};
export default fault;
