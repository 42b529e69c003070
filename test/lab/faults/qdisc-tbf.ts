import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'qdisc-tbf',
  title: 'a shaper with a short queue, and more traffic than its rate',
  expected: [{ cause: 'qdisc-overlimit', layer: 'link', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const queue = ['root', 'tbf', 'rate', '1mbit', 'burst', '1600', 'limit', '3000'];
    await near.host.run('tc', 'qdisc', 'add', 'dev', near.dev, ...queue);
    const { port, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    const { socket } = await near.host.agent().udp();
    return {
      target: near.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 200, size: 1000 });
        return { 'qdisc.dropped': [180, 199], 'Ip.OutDiscards': [180, 199] };
      },
    };
  },
};
export default fault;
