// One fault or healthy host of the lab by hand: `node test/lab/run.mjs accept-queue`. Needs root. Prints the diagnosis.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const names = ['faults', 'doubles', 'controls'].flatMap((folder) => readdirSync(join(here, folder)).map((file) => file.replace(/\.ts$/, '')));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.includes(name));
if (wanted.length === 0 || unknown.length > 0) {
  console.error(`Usage: node test/lab/run.mjs NAME…\n\n${names.toSorted().join('\n')}`);
  process.exitCode = 2;
} else {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const only = ['-t', ` (${wanted.join('|')}):`];
  const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/lab', '--reporter=verbose', ...only], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, DROPLENS_LAB_SHOW: '1' },
  });
  process.exitCode = status ?? 1;
}
