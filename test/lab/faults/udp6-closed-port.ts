import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'udp6-closed-port',
  title: 'datagrams over IPv6 for a port that no program has open',
  expected: [{ cause: 'udp-port-not-listening', layer: 'application', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await near.host.run('ip', 'address', 'add', 'fd5a:9::1/64', 'dev', near.dev, 'nodad');
    await far.host.run('ip', 'address', 'add', 'fd5a:9::2/64', 'dev', far.dev, 'nodad');
    const { socket: once, port } = await far.host.agent().udp({ bind: 'fd5a:9::2' });
    await far.host.agent().close([once]);
    const { socket } = await near.host.agent().udp({ bind: 'fd5a:9::1' });
    return {
      target: far.host,
      async load() {
        const { sent } = await near.host.agent().sendTo(socket, { address: 'fd5a:9::2', port }, { count: 30, interval: 0.01 });
        return { 'Udp6.NoPorts': sent };
      },
    };
  },
};
export default fault;
