import type { Control } from '../fault.js';

const control: Control = {
  id: 'many-short-connections',
  title: 'a busy server: hundreds of connections that come and go',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(1024);
    await far.host.agent().swallow(listener);
    return {
      target: far.host,
      async load() {
        for (let i = 0; i < 8; i++) {
          const { sockets } = await near.host.agent().connect({ address: far.address, port }, { count: 50, wait: 1 });
          await near.host.agent().close(sockets);
        }
        return {};
      },
    };
  },
};
export default control;
