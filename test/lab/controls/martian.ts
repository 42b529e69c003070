import type { Control } from '../fault.js';
import { udpFrame } from '../packets.js';

const control: Control = {
  id: 'martian',
  title: 'a few packets with an impossible source',
  alone: 'rt_cache counts martians for the whole machine',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    return {
      target: far.host,
      async load() {
        const frame = udpFrame(near, far, { sourcePort: 1, port: 9, data: Buffer.alloc(40), ip: { source: '127.0.0.1' } });
        await near.host.agent().frames(near.dev, Array<Buffer>(8).fill(frame), 0.02);
        await near.host.run('ping', '-q', '-c', '100', '-i', '0.01', far.address);
        return {};
      },
    };
  },
};
export default control;
