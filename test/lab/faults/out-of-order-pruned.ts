import type { Fault } from '../fault.js';
import { converse } from '../conversation.js';

const fault: Fault = {
  id: 'out-of-order-pruned',
  title: 'segments out of order that push out those that came before',
  expected: [{ cause: 'tcp-prune-collapse', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(16, [['SOL_SOCKET', 'SO_RCVBUF', 8192]]);
    const client = await converse(near, far, port, 31000);
    return {
      target: far.host,
      async load() {
        const early = Array.from({ length: 60 }, (_, index) => client.segment(1000 - index * 10, Buffer.alloc(1)));
        await near.host.agent().frames(near.dev, early, 0.01);
        return { 'TcpExt.OfoPruned': [1, 60] };
      },
    };
  },
};
export default fault;
