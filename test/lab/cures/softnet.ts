import { sceneOf, type Cure } from '../cure.js';
import fault from '../faults/softnet.js';
const cure: Cure = {
  id: 'softnet',
  title: 'bursts fit into the input queue of a CPU',
  runbook: 'softnet-backlog',
  fix: 'raise-netdev-backlog',
  settings: [{ name: 'net.core.netdev_max_backlog', before: '30', after: '2000' }],
  alone: 'netdev_max_backlog and the queues of the CPUs are those of the machine',
  async setUp(lab) {
    return { ...(await sceneOf(fault, lab)), target: 'machine' };
  },
};
export default cure;
