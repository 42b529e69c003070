// `npm run pictures`: takes the README's pictures in the end-to-end tests and copies them to media/.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/paths.mjs';
import { run } from './lib/processes.mjs';

const { code } = await run([process.execPath, join(root, 'scripts', 'test.mjs'), 'e2e'], { cwd: root, show: true });
if (code !== 0) {
  console.error('The pictures were not copied, because the end-to-end tests failed.');
  process.exit(1);
}
for (const name of ['readme-tree.png', 'readme-runbook.png', 'readme-countdown.png', 'readme-proof.png']) {
  copyFileSync(join(root, 'out', 'e2e', name), join(root, 'media', name));
  console.log(`media/${name}`);
}
