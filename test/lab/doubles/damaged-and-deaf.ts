import type { Fault } from '../fault.js';
import { udpFrame } from '../packets.js';

const fault: Fault = {
  id: 'damaged-and-deaf',
  title: 'damaged datagrams, and a socket that is not read',
  expected: [
    { cause: 'udp-checksum', layer: 'transport', direction: 'rx' },
    { cause: 'app-not-reading-udp', layer: 'application', direction: 'rx' },
  ],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    const { port } = await far.host.agent().udp({ bind: far.address, opts: [['SOL_SOCKET', 'SO_RCVBUF', 2304]] });
    const { port: other, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    const { socket } = await near.host.agent().udp();
    return {
      target: far.host,
      async load() {
        await near.host.agent().sendTo(socket, { address: far.address, port }, { count: 50, size: 500, interval: 0.005 });
        const frame = udpFrame(near, far, { sourcePort: 30000, port: other, data: Buffer.alloc(80), bad: true });
        await near.host.agent().frames(near.dev, Array<Buffer>(20).fill(frame), 0.01);
        return { 'Udp.RcvbufErrors': [38, 49], 'Udp.InCsumErrors': [18, 20] };
      },
    };
  },
};
export default fault;
