import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'min-ttl',
  title: 'a listener that wants a TTL its clients do not have',
  expected: [{ cause: 'tcp-minttl', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    // IP_MINTTL of ip(7).
    const { port } = await far.host.agent().listen(16, [['IPPROTO_IP', 21, 200]]);
    return {
      target: far.host,
      async load() {
        await near.host.agent().connect({ address: far.address, port }, { count: 10 });
        return { 'TcpExt.TCPMinTTLDrop': [10, 30] };
      },
    };
  },
};
export default fault;
