import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'unread-and-policed',
  title: 'a server that closes without reading, and an IPsec policy that lets nothing of UDP in',
  expected: [
    { cause: 'app-close-with-unread-data', layer: 'application', direction: 'tx' },
    { cause: 'xfrm-policy-block', layer: 'netfilter', direction: 'both' },
  ],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    await far.host.run('ip', 'xfrm', 'policy', 'add', 'src', near.address, 'dst', far.address, 'proto', 'udp', 'dir', 'in', 'action', 'block');
    const { socket: listener, port } = await far.host.agent().listen(16);
    const { socket: sink, port: udp } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    const { socket: sender } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        for (let i = 0; i < 6; i++) {
          const socket = await near.host.agent().connected({ address: far.address, port });
          const accepted = await far.host.agent().accept(listener);
          await near.host.agent().send(socket, 3000);
          await far.host.agent().close(accepted);
        }
        await near.host.agent().sendTo(sender, { address: far.address, port: udp }, { count: 25, interval: 0.01 });
        return { 'TcpExt.TCPAbortOnClose': [5, 6], 'xfrm.XfrmInPolBlock': [23, 25] };
      },
    };
  },
};
export default fault;
