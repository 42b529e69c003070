import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'closed-tcp-port',
  title: 'a program whose server does not listen: all its connections are refused',
  expected: [{ cause: 'tcp-port-not-listening', layer: 'application', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(16);
    await far.host.agent().close([listener]);
    return {
      target: near.host,
      async load() {
        await near.host.agent().connect({ address: far.address, port }, { count: 20, wait: 1, interval: 0.02 });
        return { 'Tcp.AttemptFails': 20, 'Tcp.ActiveOpens': 20 };
      },
    };
  },
};
export default fault;
