import type { Fault } from '../fault.js';
import { udpFrame } from '../packets.js';

const fault: Fault = {
  id: 'frag-needed',
  title: 'a router in front of a narrower link, and senders that set "do not fragment" and do not learn',
  expected: [{ cause: 'ip-frag-needed', layer: 'network', direction: 'fwd' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, router, inside, outside, far } = await lab.routed();
    await router.run('ip', 'link', 'set', outside.dev, 'mtu', '1000');
    await far.host.run('ip', 'link', 'set', far.dev, 'mtu', '1000');
    const { port } = await far.host.agent().udp({ bind: far.address });
    return {
      target: router,
      async load() {
        const frame = udpFrame(near, inside, {
          sourcePort: 30000,
          port,
          data: Buffer.alloc(1300),
          ip: { destination: far.address, fragment: 0x4000 },
        });
        await near.host.agent().frames(near.dev, Array<Buffer>(20).fill(frame), 0.01);
        return { 'Ip.FragFails': 20 };
      },
    };
  },
};
export default fault;
