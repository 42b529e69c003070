import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'send-buffer',
  title: 'a send buffer that is too small for the path: a risk',
  expected: [{ cause: 'app-send-buffer-full', layer: 'application', direction: 'tx' }],
  severity: 'risk',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    // Reno always exists, and unlike BBR does not pace below what the buffer allows.
    await near.host.sysctl('net.ipv4.tcp_congestion_control', 'reno');
    const queue = ['root', 'tbf', 'rate', '2mbit', 'burst', '3000', 'limit', '1mb'];
    await near.host.run('tc', 'qdisc', 'add', 'dev', near.dev, ...queue);
    const { socket: listener, port } = await far.host.agent().listen(8);
    await far.host.agent().swallow(listener);
    const to = { address: far.address, port };
    // Without Nagle's algorithm nothing waits in the buffer for more: only its size holds the program back.
    const opts = [['SOL_SOCKET', 'SO_SNDBUF', 8192], ['IPPROTO_TCP', 'TCP_NODELAY', 1]] as const;
    const socket = await near.host.agent().connected(to, { opts });
    // Still sending when the window ends, and ended by the lab.
    near.host.agent().stream(socket, 100_000_000, 30).catch(() => undefined);
    return {
      target: near.host,
      async load() {
        return {};
      },
    };
  },
};
export default fault;
