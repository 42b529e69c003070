import { converse } from '../conversation.js';
import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'begun-anew',
  title: 'peers that begin connections anew which are open here: a risk',
  expected: [{ cause: 'tcp-sequence-out-of-window', layer: 'transport', direction: 'rx' }],
  severity: 'risk',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(64);
    await far.host.agent().swallow(listener);
    const begun: Buffer[] = [];
    for (let i = 0; i < 30; i++) begun.push((await converse(near, far, port, 31000 + i)).syn);
    return {
      target: far.host,
      async load() {
        await near.host.agent().frames(near.dev, begun, 0.02);
        return { 'TcpExt.TCPChallengeACK': 30 };
      },
    };
  },
};
export default fault;
