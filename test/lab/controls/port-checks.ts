import type { Control } from '../fault.js';

const control: Control = {
  id: 'port-checks',
  title: 'somebody tries a closed TCP port and a closed UDP port a few times',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(16);
    await far.host.agent().close([listener]);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await near.host.agent().connect({ address: far.address, port }, { count: 4, wait: 1 });
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 3, interval: 0.05 });
        return {};
      },
    };
  },
};
export default control;
