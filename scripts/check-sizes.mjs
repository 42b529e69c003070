// The budgets of what is shipped. `node scripts/check-sizes.mjs`, after build and package.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, vsixFile } from './lib/paths.mjs';

/** Bytes. The first is read and compiled each time VS Code starts our extension. */
export const budgets = { 'dist/extension.js': 100_000, 'out/droplens.vsix': 1_500_000 };

/** Sizes of all bundles and of the package, and which of them are too big. */
export function checkSizes() {
  const bundles = JSON.parse(readFileSync(join(root, 'dist', 'meta.json'), 'utf8'));
  const sizes = { ...bundles, 'out/droplens.vsix': statSync(vsixFile).size };
  const problems = Object.entries(budgets).flatMap(([file, budget]) => {
    const size = sizes[file];
    if (size === undefined) return [`${file} was not built`];
    return size >= budget ? [`${file} has ${size} bytes; its budget is ${budget}`] : [];
  });
  return { sizes, problems };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { sizes, problems } = checkSizes();
  for (const [file, size] of Object.entries(sizes)) console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${file}`);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
