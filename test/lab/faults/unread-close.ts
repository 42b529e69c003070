import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'unread-close',
  title: 'a server that closes connections without reading what came',
  expected: [{ cause: 'app-close-with-unread-data', layer: 'application', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { socket: listener, port } = await far.host.agent().listen(16);
    return {
      target: far.host,
      async load() {
        for (let i = 0; i < 6; i++) {
          const socket = await near.host.agent().connected({ address: far.address, port });
          const accepted = await far.host.agent().accept(listener);
          await near.host.agent().send(socket, 3000);
          await far.host.agent().close(accepted);
        }
        return { 'TcpExt.TCPAbortOnClose': 6 };
      },
    };
  },
};
export default fault;
