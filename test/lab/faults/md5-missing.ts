import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'md5-missing',
  title: 'a listener that wants signed segments from a client that signs none',
  expected: [{ cause: 'tcp-md5-ao-mismatch', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(16);
    await far.host.agent().sign(listener, near.address, 'a secret');
    return {
      target: far.host,
      async load() {
        await near.host.agent().connect({ address: far.address, port }, { count: 8 });
        return { 'TcpExt.TCPMD5NotFound': [8, 24] };
      },
    };
  },
};
export default fault;
