import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'resets',
  title: 'a peer that cuts its connections by a reset',
  expected: [{ cause: 'tcp-rst-received', layer: 'transport', direction: 'both' }],
  severity: 'risk',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(64);
    const { sockets } = await near.host.agent().connect({ address: far.address, port }, { count: 30, wait: 1 });
    await far.host.agent().accept(listener, 30);
    return {
      target: far.host,
      async load() {
        await near.host.agent().reset(sockets);
        return { 'Tcp.EstabResets': 30 };
      },
    };
  },
};
export default fault;
