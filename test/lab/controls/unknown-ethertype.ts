import type { Control } from '../fault.js';
import { ethernet } from '../packets.js';

const control: Control = {
  id: 'unknown-ethertype',
  title: 'frames of a protocol that nobody handles (as LLDP): RX dropped grows, nothing is lost',
  harmless: ['unknown-ethertype'],
  async setUp(lab) {
    const { near, far } = await lab.pair();
    return {
      target: far.host,
      async load() {
        const frame = ethernet(near, far, 0x88b5, Buffer.alloc(60));
        await near.host.agent().frames(near.dev, Array<Buffer>(40).fill(frame), 0.01);
        await near.host.run('ping', '-q', '-c', '40', '-i', '0.02', far.address);
        return {};
      },
    };
  },
};
export default control;
