import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'accept-queue',
  title: 'a program that does not accept, and more clients than its backlog',
  expected: [{ cause: 'app-accept-too-slow', layer: 'application', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(2);
    return {
      target: far.host,
      subject: { kind: 'socket', name: `0.0.0.0:${port}` },
      async load() {
        await near.host.agent().connect({ address: far.address, port }, { count: 8 });
        // Three fill the queue (the kernel lets backlog + 1 in); five SYNs are dropped, and each is repeated after a second.
        return { 'TcpExt.ListenOverflows': [5, 15], 'TcpExt.ListenDrops': [5, 15], 'listener.recv_q': 3 };
      },
    };
  },
};
export default fault;
