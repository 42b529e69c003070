// Bundles the extension's five programs. `node scripts/build.mjs [--watch]`; writes dist/ and dist/meta.json.
import { rmSync, writeFileSync } from 'node:fs';
import { build, context } from 'esbuild';

const common = {
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
  // ESM sources first: yaml, markdown-it and vscode-uri are smaller that way.
  mainFields: ['module', 'main'],
  conditions: ['import', 'module'],
};
const targets = [
  // Loaded when VS Code activates the extension: small, nothing heavy in it.
  { ...node, entryPoints: { extension: 'src/extension/main.ts' }, external: ['vscode', './client.js'] },
  // The language client, loaded with the first view or command.
  { ...node, entryPoints: { client: 'src/extension/client/entry.ts' }, external: ['vscode'] },
  // The server and the command line; ssh2 is loaded with the first SSH target.
  { ...node, entryPoints: { server: 'src/server/main.ts', cli: 'src/cli/main.ts' }, external: ['./ssh.js'] },
  { ...node, entryPoints: { ssh: 'src/collect/ssh/entry.ts' }, external: ['*.node', 'cpu-features'] },
  { ...common, platform: 'browser', format: 'iife', target: 'chrome120', entryPoints: { webview: 'src/webview/main.ts' } },
];

if (process.argv.includes('--watch')) {
  for (const target of targets) await (await context(target)).watch();
} else {
  rmSync('dist', { recursive: true, force: true });
  const results = await Promise.all(targets.map((target) => build(target)));
  const outputs = Object.assign({}, ...results.map((result) => result.metafile.outputs));
  const sizes = Object.fromEntries(Object.entries(outputs).map(([file, { bytes }]) => [file, bytes]));
  writeFileSync('dist/meta.json', JSON.stringify(sizes, null, 2));
}
