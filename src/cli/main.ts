import { homedir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../../package.json';
import { run } from './run.js';

const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => abort.abort());

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read has seen enough (`| head`): there is nobody left to write to, and nothing to complain about.
    if (error.code !== 'EPIPE') throw error;
  });
}

void run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  runbooks: join(__dirname, '..', 'media', 'runbooks'),
  storage: join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'droplens'),
  version: packageJson.version,
  signal: abort.signal,
}).then((status) => {
  process.exitCode = status;
});
