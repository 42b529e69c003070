import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'orphans',
  title: 'closed connections that still have data to send, as many as the machine keeps: a risk',
  alone: 'tcp_max_orphans is one value for the machine',
  expected: [{ cause: 'tcp-orphans', layer: 'transport', direction: 'tx' }],
  severity: 'risk',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(128, [['SOL_SOCKET', 'SO_RCVBUF', 2304]]);
    const { sockets } = await near.host.agent().connect({ address: far.address, port }, { count: 12, wait: 1, opts: [['SOL_SOCKET', 'SO_SNDBUF', 4608]] });
    // They are given up soon after the lab has ended.
    await near.host.sysctl('net.ipv4.tcp_orphan_retries', 3);
    await lab.machineSysctl('net.ipv4.tcp_max_orphans', 32);
    for (const socket of sockets) await near.host.agent().send(socket, 40_000, 0.01);
    await near.host.agent().close(sockets);
    return {
      target: 'machine',
      async load() {
        return {};
      },
    };
  },
};
export default fault;
