import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'udp-receive-buffer',
  title: 'a UDP socket with a small buffer that is not read',
  expected: [{ cause: 'app-not-reading-udp', layer: 'application', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().udp({ bind: far.address, opts: [['SOL_SOCKET', 'SO_RCVBUF', 2304]] });
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      subject: { kind: 'socket', name: `${far.address}:${port}` },
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 50, size: 500, interval: 0.005 });
        return { 'Udp.RcvbufErrors': [40, 49], 'Udp.InErrors': [40, 49], 'udp.drops': [40, 49] };
      },
    };
  },
};
export default fault;
