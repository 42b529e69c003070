import type { Fault } from '../fault.js';
import { converse } from '../conversation.js';

const fault: Fault = {
  id: 'beyond-window',
  title: 'a sender that does not keep to the window',
  expected: [{ cause: 'tcp-beyond-window', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(16);
    const client = await converse(near, far, port, 31000);
    return {
      target: far.host,
      async load() {
        const long = Array.from({ length: 20 }, () => client.segment(client.window + 5000, Buffer.alloc(1400)));
        await near.host.agent().frames(near.dev, long, 0.02);
        return { 'TcpExt.BeyondWindow': 20 };
      },
    };
  },
};
export default fault;
