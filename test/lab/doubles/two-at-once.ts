import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'two-at-once',
  title: 'a full accept queue and a full UDP buffer at the same time: both are named',
  expected: [
    { cause: 'app-accept-too-slow', layer: 'application', direction: 'rx' },
    { cause: 'app-not-reading-udp', layer: 'application', direction: 'rx' },
  ],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port: tcp } = await far.host.agent().listen(2);
    const { port: udp } = await far.host.agent().udp({ bind: far.address, opts: [['SOL_SOCKET', 'SO_RCVBUF', 2304]] });
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await near.host.agent().connect({ address: far.address, port: tcp }, { count: 10 });
        await near.host.agent().sendTo(socket, { address: far.address, port: udp }, { count: 60, size: 500, interval: 0.005 });
        return { 'TcpExt.ListenOverflows': [7, 21], 'Udp.RcvbufErrors': [50, 59] };
      },
    };
  },
};
export default fault;
