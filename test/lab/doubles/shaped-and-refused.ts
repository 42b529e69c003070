import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'shaped-and-refused',
  title: 'a queue that is too short, and connections to a port where nobody listens',
  expected: [
    { cause: 'qdisc-overlimit', layer: 'link', direction: 'tx' },
    { cause: 'tcp-port-not-listening', layer: 'application', direction: 'rx' },
  ],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const queue = ['root', 'tbf', 'rate', '2mbit', 'burst', '1600', 'limit', '6000'];
    await near.host.run('tc', 'qdisc', 'add', 'dev', near.dev, ...queue);
    const { port: udp, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    const { socket: listener, port } = await far.host.agent().listen(16);
    await far.host.agent().close([listener]);
    const { socket } = await near.host.agent().udp();
    return {
      target: near.host,
      async load() {
        await near.host.agent().connect({ address: far.address, port }, { count: 20, wait: 1, interval: 0.02 });
        await near.host.agent().sendTo(socket, { address: far.address, port: udp }, { count: 150, size: 1000 });
        return { 'qdisc.dropped': [100, 149], 'Tcp.AttemptFails': [18, 20] };
      },
    };
  },
};
export default fault;
