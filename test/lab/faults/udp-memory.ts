import type { Fault } from '../fault.js';

/** socket(7); Python knows no name for it. */
const SO_RCVBUFFORCE = 33;

const fault: Fault = {
  id: 'udp-memory',
  title: 'as many datagrams waiting as udp_mem allows: the machine tells, the namespace does not: a risk',
  alone: 'udp_mem is one value for the machine',
  expected: [{ cause: 'udp-mem-limit', layer: 'transport', direction: 'rx' }],
  severity: 'risk',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().udp({ bind: far.address, opts: [['SOL_SOCKET', SO_RCVBUFFORCE, 8_000_000]] });
    const { socket } = await near.host.agent().udp();
    await lab.machineSysctl('net.ipv4.udp_mem', '64 80 96');
    await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 1500, size: 1200, interval: 0.0005 });
    return {
      target: 'machine',
      async load() {
        return {};
      },
    };
  },
};
export default fault;
