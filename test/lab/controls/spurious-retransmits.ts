import type { Control } from '../fault.js';

const control: Control = {
  id: 'spurious-retransmits',
  title: 'a queue with much room makes answers late, so that TCP repeats what was not lost',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    // Acknowledgements wait behind other packets on their way back; nothing is dropped.
    await far.host.run('tc', 'qdisc', 'add', 'dev', far.dev, 'root', 'tbf', 'rate', '400kbit', 'burst', '1600', 'limit', '4mb');
    const { socket: listener, port } = await far.host.agent().listen(8);
    await far.host.agent().swallow(listener);
    const socket = await near.host.agent().connected({ address: far.address, port });
    const { socket: sink, port: udp } = await near.host.agent().udp({ bind: near.address });
    await near.host.agent().swallowUdp(sink);
    const { socket: sender } = await far.host.agent().udp();
    return {
      target: near.host,
      async load() {
        const sending = near.host.agent().stream(socket, 200_000, 1.8);
        await far.host.agent().sendTo(sender, { address: near.address, port: udp }, { count: 30, size: 1200 });
        await sending;
        return {};
      },
    };
  },
};
export default control;
