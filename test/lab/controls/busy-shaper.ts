import type { Control } from '../fault.js';

const control: Control = {
  id: 'busy-shaper',
  title: 'TCP at the rate of a shaper with room: overlimits grow, nothing is dropped',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const queue = ['root', 'tbf', 'rate', '20mbit', 'burst', '64kb', 'limit', '4mb'];
    await near.host.run('tc', 'qdisc', 'add', 'dev', near.dev, ...queue);
    const { socket: listener, port } = await far.host.agent().listen(8);
    await far.host.agent().swallow(listener);
    const socket = await near.host.agent().connected({ address: far.address, port });
    return {
      target: near.host,
      async load() {
        await near.host.agent().stream(socket, 10_000_000, 1.5);
        return {};
      },
    };
  },
};
export default control;
