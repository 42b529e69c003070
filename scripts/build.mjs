// Bundles the extension's five programs. `node scripts/build.mjs [--watch]`; writes dist/ and dist/meta.json.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, context } from 'esbuild';
import { root } from './lib/paths.mjs';

/** Modules that are bundles of their own: an `import()` of one loads the file beside the bundle at that moment. */
const lazy = new Map([
  [join(root, 'src/collect/ssh/entry.js'), './ssh.js'],
  [join(root, 'src/extension/client/entry.js'), './client.js'],
]);

const lazyBundles = {
  name: 'lazy-bundles',
  setup(setup) {
    setup.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      const bundle = lazy.get(join(resolveDir, path));
      if (kind === 'entry-point' || bundle === undefined) return undefined;
      if (kind === 'dynamic-import') return { path: bundle, external: true };
      return { errors: [{ text: `"${path}" is loaded when it is needed: use import()` }] };
    });
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  sourcemap: false,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  outdir: 'dist',
};
const node = {
  ...common,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // `import()` becomes `require()`: it names the same exports, and VS Code gives `vscode` to required modules.
  supported: { 'dynamic-import': false },
  plugins: [lazyBundles],
  // ESM sources first: yaml, markdown-it and vscode-uri are smaller that way.
  mainFields: ['module', 'main'],
  conditions: ['import', 'module'],
};
const targets = [
  // Loaded when VS Code activates the extension: small, nothing heavy in it.
  { ...node, entryPoints: { extension: 'src/extension/main.ts' }, external: ['vscode'] },
  // The language client, loaded with the first view or command.
  { ...node, entryPoints: { client: 'src/extension/client/entry.ts' }, external: ['vscode'] },
  // The server and the command line; ssh2 is loaded with the first SSH target.
  { ...node, entryPoints: { server: 'src/server/main.ts', cli: 'src/cli/main.ts' } },
  { ...node, entryPoints: { ssh: 'src/collect/ssh/entry.ts' }, external: ['*.node', 'cpu-features'] },
  { ...common, platform: 'browser', format: 'iife', target: 'chrome120', entryPoints: { webview: 'src/webview/main.ts' } },
];

if (process.argv.includes('--watch')) {
  for (const target of targets) await (await context(target)).watch();
} else {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  // The messages are enough; esbuild has printed them with the lines they are about.
  const results = await Promise.all(targets.map((target) => build(target))).catch(() => process.exit(1));
  const outputs = Object.assign({}, ...results.map((result) => result.metafile.outputs));
  const sizes = Object.fromEntries(Object.entries(outputs).map(([file, { bytes }]) => [file, bytes]));
  writeFileSync(join(root, 'dist', 'meta.json'), JSON.stringify(sizes, null, 2));
}
