import { sceneOf, type Cure } from '../cure.js';
import fault from '../faults/link-set-down.js';
const cure: Cure = {
  id: 'link-up',
  title: 'an interface that somebody has set down carries traffic again',
  runbook: 'link-admin-down',
  fix: 'link-up',
  async setUp(lab) {
    const scene = await sceneOf(fault, lab);
    return { ...scene, row: () => scene.subject, settings: [{ name: `state of ${scene.subject}`, before: 'down', after: 'up' }] };
  },
};
export default cure;
