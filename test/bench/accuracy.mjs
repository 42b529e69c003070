// The accuracy score: `npm run bench:accuracy -- [--controls N] [--only NAME,…] [--no-doc]`. Needs root and Linux.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const server = await createServer({
  root,
  // Node 20 has no `await using`.
  oxc: { target: 'es2022' },
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
try {
  const { main } = await server.ssrLoadModule('/test/bench/accuracy/main.ts');
  process.exitCode = await main(process.argv.slice(2));
} finally {
  await server.close();
}
