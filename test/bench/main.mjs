// `npm run bench [-- PART …]`: builds and packages the product, then measures it. Parts: cpu, wire, activation, verdict, pure, ssh, fleet.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { install } from '../../scripts/lib/install.mjs';
import { root } from '../../scripts/lib/paths.mjs';
import { run } from '../../scripts/lib/processes.mjs';
import { installPrograms } from '../../scripts/lib/requirements.mjs';

const say = (text) => console.log(text);

async function main() {
  await install(root, { say });
  await installPrograms(say);
  const { build } = await import('esbuild');
  say('Building and packaging …');
  const built = await run([process.execPath, join(root, 'scripts', 'build.mjs')], { cwd: root, limit: 120 });
  if (built.code !== 0) throw new Error(`The build failed:\n${built.output}`);
  const { makePackage } = await import('../../scripts/package.mjs');
  await makePackage();
  // The bundle stands below the root, so that it finds node_modules.
  const folder = join(root, 'out', `bench-${process.pid}`);
  const outfile = join(folder, 'bench.mjs');
  mkdirSync(folder, { recursive: true });
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await build({
    absWorkingDir: root,
    entryPoints: ['test/bench/bench.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const { bench } = await import(pathToFileURL(outfile).href);
  const { budgets, checkSizes } = await import('../../scripts/check-sizes.mjs');
  await bench({ root, sizes: checkSizes().sizes, budgets }, process.argv.slice(2));
}

// What was started ends when its input closes; the temporary folder goes with the exit.
for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) process.once(signal, () => process.exit(status));
try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
