import type { Fault } from '../fault.js';
import { converse } from '../conversation.js';

const fault: Fault = {
  id: 'old-timestamps',
  title: 'segments with timestamps older than what has been received',
  expected: [{ cause: 'tcp-paws', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(16);
    await far.host.agent().swallow(listener);
    const client = await converse(near, far, port, 31000);
    return {
      target: far.host,
      async load() {
        const old = Array.from({ length: 20 }, () => client.segment(0, Buffer.alloc(50), -90_000));
        await near.host.agent().frames(near.dev, old, 0.02);
        return { 'TcpExt.PAWSEstab': 20 };
      },
    };
  },
};
export default fault;
