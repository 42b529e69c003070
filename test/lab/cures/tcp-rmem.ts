import type { Cure } from '../cure.js';
import { converse } from '../conversation.js';
const cure: Cure = {
  id: 'tcp-rmem',
  title: 'a connection has room for what comes out of order, once it is made again',
  runbook: 'tcp-ofo-drop',
  fix: 'raise-rmem-for-ofo',
  settings: [{ name: 'net.ipv4.tcp_rmem[2]', before: '16384', after: '4194304' }],
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.sysctl('net.ipv4.tcp_rmem', '4096 16384 16384');
    const { port } = await far.host.agent().listen(64);
    let sourcePort = 31_000;
    let client = await converse(near, far, port, sourcePort);
    return {
      target: far.host,
      // What was dropped is sent again, as a sender does; what was taken is a duplicate from then on.
      async load() {
        const early = Array.from({ length: 60 }, (_, index) => client.segment(100 + index * 10, Buffer.alloc(1)));
        await near.host.agent().frames(near.dev, early, 0.005);
      },
      async restart() {
        client = await converse(near, far, port, ++sourcePort);
      },
    };
  },
};
export default cure;
