import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'udp6-receive-buffer',
  title: 'the same over IPv6: a UDP socket with a small buffer that is not read',
  expected: [{ cause: 'app-not-reading-udp', layer: 'application', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await near.host.run('ip', 'address', 'add', 'fd5a:9::1/64', 'dev', near.dev, 'nodad');
    await far.host.run('ip', 'address', 'add', 'fd5a:9::2/64', 'dev', far.dev, 'nodad');
    const { port } = await far.host.agent().udp({ bind: 'fd5a:9::2', opts: [['SOL_SOCKET', 'SO_RCVBUF', 2304]] });
    const { socket } = await near.host.agent().udp({ bind: 'fd5a:9::1' });
    return {
      target: far.host,
      subject: { kind: 'socket', name: `[fd5a:9::2]:${port}` },
      async load() {
        await near.host.agent().sendTo(socket, { address: 'fd5a:9::2', port }, { count: 50, size: 500, interval: 0.005 });
        return { 'Udp6.RcvbufErrors': [40, 49], 'udp.drops': [40, 49] };
      },
    };
  },
};
export default fault;
