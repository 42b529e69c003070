import { ethernet } from '../packets.js';
import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'vxlan-unknown',
  title: 'an overlay that does not know where a MAC address is',
  expected: [{ cause: 'vxlan-no-fdb', layer: 'link', direction: 'tx' }],
  severity: 'loss',
  async setUp(lab) {
    const { near } = await lab.pair();
    const overlay = ['id', '42', 'dstport', '4789', 'local', near.address, 'nolearning'];
    await near.host.run('ip', 'link', 'add', 'over0', 'type', 'vxlan', ...overlay);
    await near.host.run('ip', 'link', 'set', 'over0', 'up');
    return {
      target: near.host,
      subject: { kind: 'interface', name: 'over0' },
      async load() {
        const frame = ethernet(near, { mac: '02:00:00:00:00:77' }, 0x0800, Buffer.alloc(60));
        await near.host.agent().frames('over0', Array<Buffer>(30).fill(frame), 0.01);
        return { 'interface.tx_dropped': [30, 45] };
      },
    };
  },
};
export default fault;
