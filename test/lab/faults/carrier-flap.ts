import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.js';

const fault: Fault = {
  id: 'carrier-flap',
  title: 'the cable comes and goes',
  expected: [{ cause: 'nic-carrier-flap', layer: 'nic', direction: 'both' }],
  severity: 'loss',
  async setUp(lab) {
    const { near, far } = await lab.pair();
    return {
      target: near.host,
      subject: { kind: 'interface', name: near.dev },
      async load() {
        for (let i = 0; i < 3; i++) {
          await far.host.run('ip', 'link', 'set', far.dev, 'down');
          await sleep(120);
          await far.host.run('ip', 'link', 'set', far.dev, 'up');
          await sleep(120);
        }
        return { 'interface.carrier_changes': 6 };
      },
    };
  },
};
export default fault;
