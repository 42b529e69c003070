import type { Control } from '../fault.js';
import { TCP, tcpFrame } from '../packets.js';

const control: Control = {
  id: 'old-totals',
  title: 'big totals of an earlier trouble that no longer move',
  harmless: ['app-not-reading-udp'],
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const [client, server] = [near.host.agent(), far.host.agent()];
    const deaf = await server.udp({ bind: far.address, opts: [['SOL_SOCKET', 'SO_RCVBUF', 2304]] });
    const { socket } = await client.udp();
    await client.sendTo(socket, { address: far.address, port: deaf.port }, { count: 2000, size: 500 });
    const { socket: listener, port } = await server.listen(16);
    const damaged = tcpFrame(near, far, { sourcePort: 30000, port, flags: TCP.syn, bad: true });
    await client.frames(near.dev, Array<Buffer>(200).fill(damaged));
    await server.swallow(listener);
    return {
      target: far.host,
      async load() {
        await near.host.run('ping', '-q', '-c', '40', '-i', '0.02', far.address);
        return {};
      },
    };
  },
};
export default control;
