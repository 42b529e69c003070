import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bytes, info, median, ms, spread, type Product, type Result, type Section } from './report.js';

const RUNS = 20;
const LIMIT_MS = 50;

interface Activation {
  /** Milliseconds to read and compile the bundle. */
  readonly load: number;
  /** Milliseconds that `activate` takes. */
  readonly activate: number;
  /** Names of the commands that it registered. */
  readonly commands: readonly string[];
}

/** How long VS Code waits for us, and how much it loads. */
export async function activationPart({ root, sizes, budgets }: Product): Promise<Section> {
  const script = join(root, 'test', 'bench', 'activate.mjs');
  const runs: Activation[] = [];
  for (let i = 0; i < RUNS; i++) {
    const { stdout } = await promisify(execFile)(process.execPath, [script, root], { timeout: 20_000 });
    runs.push(JSON.parse(stdout) as Activation);
  }
  const commands = runs[0]?.commands.length ?? 0;
  const total = runs.map(({ load, activate }) => load + activate);
  return {
    title: 'Activation and sizes',
    method: [
      `Outside VS Code: ${RUNS} fresh Node processes load dist/extension.js with a stand-in for the module vscode and call activate().`,
      'Inside VS Code, activate() writes its own time into the log “Droplens” at the level Debug (“activated in … ms”).',
    ],
    results: [
      info('reading and compiling the bundle', spread(runs.map(({ load }) => load), ms)),
      info(`activate(), which registers ${commands} commands`, spread(runs.map(({ activate }) => activate), ms)),
      { what: 'both', measured: spread(total, ms), target: { text: `< ${LIMIT_MS} ms`, met: median(total) < LIMIT_MS && commands > 0 } },
      ...sizesBeside(sizes, budgets),
    ],
  };
}

function sizesBeside(sizes: Product['sizes'], budgets: Product['budgets']): Result[] {
  const limits = new Map(Object.entries(budgets));
  return Object.entries(sizes).map(([file, size]) => {
    const limit = limits.get(file);
    return { what: file, measured: bytes(size), ...(limit === undefined ? {} : { target: { text: `< ${bytes(limit)}`, met: size < limit } }) };
  });
}
