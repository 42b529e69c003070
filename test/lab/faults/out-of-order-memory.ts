import type { Fault } from '../fault.js';
import { converse } from '../conversation.js';

const fault: Fault = {
  id: 'out-of-order-memory',
  title: 'small segments out of order, more of them than the receive buffer holds',
  expected: [{ cause: 'tcp-ofo-drop', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(16, [['SOL_SOCKET', 'SO_RCVBUF', 8192]]);
    const client = await converse(near, far, port, 31000);
    return {
      target: far.host,
      async load() {
        const early = Array.from({ length: 60 }, (_, index) => client.segment(100 + index * 10, Buffer.alloc(1)));
        await near.host.agent().frames(near.dev, early, 0.01);
        return { 'TcpExt.TCPOFODrop': [5, 60] };
      },
    };
  },
};
export default fault;
