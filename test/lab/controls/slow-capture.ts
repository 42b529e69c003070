import type { Control } from '../fault.js';

const control: Control = {
  id: 'slow-capture',
  title: 'a capture that is not read loses its own copies only',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.agent().capture(far.dev, [['SOL_SOCKET', 'SO_RCVBUF', 2304]]);
    return {
      target: far.host,
      async load() {
        await near.host.run('ping', '-q', '-c', '60', '-i', '0.02', far.address);
        return {};
      },
    };
  },
};
export default control;
