// Where things are. Every script works from the repository's root, wherever it was called from.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const e2eFolder = join(root, 'test', 'e2e');
/** The package that is shipped, as `scripts/package.mjs` writes it. */
export const vsixFile = join(root, 'out', 'droplens.vsix');
