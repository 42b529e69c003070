import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'shrunk-buffer',
  title: 'a receive buffer made smaller on a live connection',
  expected: [{ cause: 'tcp-rcvq-mem-drop', layer: 'transport', direction: 'rx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(8);
    const socket = await near.host.agent().connected({ address: far.address, port });
    const [accepted] = await far.host.agent().accept(listener);
    if (accepted === undefined) throw new Error('Nothing was accepted');
    await far.host.agent().setOptions(accepted, [['SOL_SOCKET', 'SO_RCVBUF', 2304]]);
    return {
      target: far.host,
      async load() {
        await near.host.agent().send(socket, 60_000, 0.5);
        return { 'TcpExt.TCPRcvQDrop': [1, 20] };
      },
    };
  },
};
export default fault;
