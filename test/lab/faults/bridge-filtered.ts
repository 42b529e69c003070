import type { Fault } from '../fault.js';
import { udpFrame } from '../packets.js';

const fault: Fault = {
  id: 'bridge-filtered',
  title: 'a rule of a bridge table that drops what the bridge forwards',
  alone: 'the trace of drops sees the whole machine',
  tier: 1,
  expected: [{ cause: 'nf-bridge-drop', layer: 'netfilter', direction: 'fwd' }],
  severity: 'loss',
  async setUp(lab) {
    const [a, bridge, b] = [await lab.host(), await lab.host(), await lab.host()];
    const [left, one] = await lab.link(a, bridge);
    const [two, right] = await lab.link(bridge, b);
    await bridge.run('ip', 'link', 'add', 'sw0', 'type', 'bridge');
    for (const port of [one, two]) {
      await bridge.run('ip', 'address', 'flush', 'dev', port.dev);
      await bridge.run('ip', 'link', 'set', port.dev, 'master', 'sw0');
    }
    await bridge.run('ip', 'link', 'set', 'sw0', 'up');
    await bridge.nft('table bridge f { chain fw { type filter hook forward priority 0; ether type ip counter drop; }; }');
    return {
      target: bridge,
      async load() {
        const frame = udpFrame(left, { ...right, address: '10.255.1.2' }, { sourcePort: 30000, port: 9, data: Buffer.alloc(60) });
        await a.agent().frames(left.dev, Array<Buffer>(40).fill(frame), 0.01);
        return { 'rule.packets': [10, 40] };
      },
    };
  },
};
export default fault;
