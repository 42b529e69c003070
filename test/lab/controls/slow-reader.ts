import type { Control } from '../fault.js';

const control: Control = {
  id: 'slow-reader',
  title: 'a program that reads more slowly than its peer sends, and reads',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(8);
    const socket = await near.host.agent().connected({ address: far.address, port });
    const [accepted] = await far.host.agent().accept(listener);
    if (accepted === undefined) throw new Error('Nothing was accepted');
    return {
      target: far.host,
      async load() {
        const sending = near.host.agent().stream(socket, 50_000_000, 1.6);
        const end = Date.now() + 1700;
        while (Date.now() < end) await far.host.agent().receive(accepted, 200_000, 0.2);
        await sending;
        return {};
      },
    };
  },
};
export default control;
