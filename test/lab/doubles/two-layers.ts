import type { Fault } from '../fault.js';
import { udpFrame } from '../packets.js';

const fault: Fault = {
  id: 'two-layers',
  title: 'a short queue on the way out and a strict reverse path check on the way in: both are named',
  alone: 'rt_cache counts refused sources for the whole machine',
  expected: [
    { cause: 'qdisc-overlimit', layer: 'link', direction: 'tx' },
    { cause: 'ip-rp-filter', layer: 'network', direction: 'rx' },
  ],
  severity: 'loss',
  async setUp(lab) {
    const { near, router, inside, outside, far } = await lab.routed();
    await router.sysctl('net.ipv4.conf.all.rp_filter', 1);
    const queue = ['root', 'tbf', 'rate', '1mbit', 'burst', '1600', 'limit', '3000'];
    await router.run('tc', 'qdisc', 'add', 'dev', outside.dev, ...queue);
    const { port, socket: sink } = await far.host.agent().udp({ bind: far.address });
    await far.host.agent().swallowUdp(sink);
    const { socket } = await router.agent().udp();
    return {
      target: router,
      async load() {
        const frame = udpFrame(near, inside, {
          sourcePort: 30000,
          port,
          data: Buffer.alloc(50),
          ip: { source: far.address, destination: outside.address },
        });
        await Promise.all([
          near.host.agent().frames(near.dev, Array<Buffer>(25).fill(frame), 0.01),
          router.agent().sendTo(socket, { address: far.address, port }, { count: 150, size: 1000 }),
        ]);
        return { 'TcpExt.IPReversePathFilter': 25, 'qdisc.dropped': [130, 149] };
      },
    };
  },
};
export default fault;
