import { setTimeout as sleep } from 'node:timers/promises';
import { sceneOf, type Cure } from '../cure.js';
import fault from '../faults/time-wait.js';
const cure: Cure = {
  id: 'time-wait',
  title: 'the TIME-WAIT table has room',
  runbook: 'tcp-timewait-overflow',
  fix: 'raise-tw-buckets',
  settings: [{ name: 'net.ipv4.tcp_max_tw_buckets', before: '4', after: '16384' }],
  async setUp(lab) {
    const scene = await sceneOf(fault, lab);
    return {
      ...scene,
      async load() {
        await scene.load();
        await sleep(200);
      },
    };
  },
};
export default cure;
