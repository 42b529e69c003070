import type { Control } from '../fault.js';

const control: Control = {
  id: 'udp-flow',
  title: 'busy UDP to a program that reads, and pings',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: sink, port } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await Promise.all([
          near.host.agent().sendTo(socket, { address: far.address, port }, { count: 1000, size: 1200, interval: 0.001 }),
          near.host.run('ping', '-q', '-c', '50', '-i', '0.02', far.address),
        ]);
        return {};
      },
    };
  },
};
export default control;
