// Packages what is built into out/droplens.vsix. `node scripts/package.mjs`, after the build.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines } from './lib/install.mjs';
import { root, vsixFile } from './lib/paths.mjs';
import { run } from './lib/processes.mjs';

const vsce = join(root, 'node_modules', '@vscode', 'vsce', 'vsce');

/** Writes the .vsix. Everything is bundled, so no node_modules go in. Throws with vsce's words when it refuses. */
export async function makePackage() {
  mkdirSync(dirname(vsixFile), { recursive: true });
  const argv = [process.execPath, vsce, 'package', '--no-dependencies', '--allow-missing-repository'];
  const { code, output } = await run([...argv, '--out', vsixFile], { cwd: root, limit: 120 });
  if (code !== 0) throw new Error(`The .vsix could not be packaged:\n${lastLines(output, 30)}`);
}

/** The files that the .vsix holds. */
export async function packagedFiles() {
  const { code, output } = await run([process.execPath, vsce, 'ls', '--no-dependencies'], { cwd: root, limit: 60 });
  if (code !== 0) throw new Error(`vsce ls failed:\n${lastLines(output, 30)}`);
  return output.split('\n').filter((line) => line !== '');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await makePackage();
