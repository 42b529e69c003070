import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A program of ours, bundled for one test file, with the runbooks where it looks for them. */
export interface Bundled {
  readonly file: string;
  remove(): void;
}

const root = join(__dirname, '..', '..');

/** Bundles `src/<entry>` to `<temp>/dist/<name>.js`. */
export async function bundle(entry: string, name: string): Promise<Bundled> {
  const folder = mkdtempSync(join(tmpdir(), 'droplens-test-'));
  symlinkSync(join(root, 'media'), join(folder, 'media'));
  const file = join(folder, 'dist', `${name}.js`);
  await build({
    entryPoints: [join(root, 'src', entry)],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: ['*.node', 'cpu-features'],
    logLevel: 'error',
  });
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
