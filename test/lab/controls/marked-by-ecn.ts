import type { Control } from '../fault.js';

const control: Control = {
  id: 'marked-by-ecn',
  title: 'connections that use ECN across a shaper with room',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    for (const { host } of [near, far]) await host.sysctl('net.ipv4.tcp_ecn', 1);
    await near.host.run('tc', 'qdisc', 'add', 'dev', near.dev, 'root', 'tbf', 'rate', '10mbit', 'burst', '32kb', 'limit', '2mb');
    const { socket: listener, port } = await far.host.agent().listen(8);
    await far.host.agent().swallow(listener);
    const socket = await near.host.agent().connected({ address: far.address, port });
    return {
      target: near.host,
      async load() {
        await near.host.agent().stream(socket, 4_000_000, 1.5);
        return {};
      },
    };
  },
};
export default control;
