import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'qdisc-pfifo',
  title: 'one class of a shaper with room for five packets',
  expected: [{ cause: 'qdisc-class-limit', layer: 'link', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const tc = (...args: readonly string[]) => near.host.run('tc', ...args);
    await tc('qdisc', 'add', 'dev', near.dev, 'root', 'handle', '1:', 'htb', 'default', '10');
    await tc('class', 'add', 'dev', near.dev, 'parent', '1:', 'classid', '1:10', 'htb', 'rate', '500kbit', 'burst', '1600', 'cburst', '1600');
    await tc('qdisc', 'add', 'dev', near.dev, 'parent', '1:10', 'pfifo', 'limit', '5');
    const { port, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    const { socket } = await near.host.agent().udp();
    return {
      target: near.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 100, size: 1000 });
        return { 'qdisc.dropped': [85, 99] };
      },
    };
  },
};
export default fault;
