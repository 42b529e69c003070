import { sceneOf, type Cure } from '../cure.js';
import fault from '../faults/neighbour-table.js';
const cure: Cure = {
  id: 'neighbour-table',
  title: 'the neighbour table has room for all peers',
  runbook: 'neigh-table-full',
  fix: 'raise-gc-thresh',
  settings: [{ name: 'net.ipv4.neigh.default.gc_thresh3', before: '64', after: '4096' }, { name: 'net.ipv4.neigh.default.gc_thresh2', before: '32', after: '2048' }],
  alone: 'there is one neighbour table for the machine',
  async setUp(lab) {
    return sceneOf(fault, lab);
  },
};
export default cure;
