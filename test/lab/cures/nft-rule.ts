import { sceneOf, type Cure } from '../cure.js';
import fault from '../faults/nft-drop-input.js';
const cure: Cure = {
  id: 'nft-rule',
  title: 'a firewall rule that drops goes on counting, and drops no more',
  runbook: 'nf-drop-input',
  fix: 'input-rule-off',
  async setUp(lab) {
    const scene = await sceneOf(fault, lab);
    if (scene.target === 'machine') throw new Error('The rule is not on a host of the lab');
    const listed = await scene.target.run('nft', '-a', 'list', 'chain', 'inet', 'filter', 'in');
    const handle = / drop # handle (\d+)$/m.exec(listed)?.[1] ?? '';
    return { ...scene, row: () => `nft inet filter in #${handle}`, settings: [{ name: `rule inet filter in #${handle}`, before: 'on', after: 'off' }] };
  },
};
export default cure;
