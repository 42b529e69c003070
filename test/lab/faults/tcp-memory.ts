import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'tcp-memory',
  title: 'TCP at the limit of its memory',
  alone: 'tcp_mem is one value for the machine',
  expected: [{ cause: 'tcp-memory-pressure', layer: 'transport', direction: 'both' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().listen(64);
    const { sockets } = await near.host.agent().connect({ address: far.address, port }, { count: 24, wait: 1 });
    const used = Number(/^TCP: .* mem (\d+)$/m.exec(await far.host.run('cat', '/proc/net/sockstat'))?.[1]);
    await lab.machineSysctl('net.ipv4.tcp_mem', `${used + 40} ${used + 60} ${used + 90}`);
    return {
      target: 'machine',
      async load() {
        for (const socket of sockets) await near.host.agent().send(socket, 400_000, 0.02);
        return { 'sockstat.TCP.mem': [20, 4000] };
      },
    };
  },
};
export default fault;
