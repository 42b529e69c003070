import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'time-wait',
  title: 'more closed connections than the TIME-WAIT table holds: a risk',
  expected: [{ cause: 'tcp-timewait-overflow', layer: 'transport', direction: 'both' }],
  severity: 'risk',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await near.host.sysctl('net.ipv4.tcp_max_tw_buckets', 4);
    const { socket: listener, port } = await far.host.agent().listen(64);
    await far.host.agent().swallow(listener);
    return {
      target: near.host,
      async load() {
        const { sockets } = await near.host.agent().connect({ address: far.address, port }, { count: 20, wait: 1 });
        await near.host.agent().close(sockets);
        return { 'TcpExt.TCPTimeWaitOverflow': [10, 20] };
      },
    };
  },
};
export default fault;
