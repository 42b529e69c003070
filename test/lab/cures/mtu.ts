import { sceneOf, type Cure } from '../cure.js';
import fault from '../faults/mtu-mismatch.js';
const cure: Cure = {
  id: 'mtu',
  title: 'both ends of a link take the same frames',
  runbook: 'l2-mtu-mismatch',
  fix: 'set-mtu',
  async setUp(lab) {
    const scene = await sceneOf(fault, lab);
    return { ...scene, row: () => scene.subject, values: { 0: '1000' }, settings: [{ name: `mtu of ${scene.subject}`, before: '1500', after: '1000' }] };
  },
};
export default cure;
