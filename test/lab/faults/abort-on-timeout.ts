import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'abort-on-timeout',
  title: 'a connection whose peer no longer answers is given up',
  expected: [{ cause: 'tcp-abort-on-timeout', layer: 'transport', direction: 'tx' }],
  severity: 'loss',
  seconds: 5,
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(8);
    await far.host.agent().swallow(listener);
    // TCP_USER_TIMEOUT, in milliseconds.
    const opts = [['IPPROTO_TCP', 18, 1000]] as const;
    const socket = await near.host.agent().connected({ address: far.address, port }, { opts });
    return {
      target: near.host,
      async load() {
        await far.host.nft('table netdev wire { chain in { type filter hook ingress device "' + far.dev + '" priority 0; drop; }; }');
        await near.host.agent().send(socket, 20_000);
        await near.host.agent().receive(socket, 1, 4);
        return { 'TcpExt.TCPAbortOnTimeout': 1, 'Tcp.EstabResets': 1 };
      },
    };
  },
};
export default fault;
