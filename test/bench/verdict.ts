import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { startSshd } from '../ssh/sshd.js';
import { cpuOf } from './processes.js';
import { info, median, ms, spread, type Product, type Result, type Section } from './report.js';

const RUNS = 9;
const WINDOW_SECONDS = 1;
const LIMIT_SECONDS = 0.5;
const seconds = (value: number): string => `${value.toFixed(2)} s`;

/** How long a person waits for the verdict after the window is over. */
export async function verdictPart({ root }: Product): Promise<Section> {
  const sshd = await startSshd();
  try {
    const env = { PATH: process.env['PATH'], HOME: sshd.home, XDG_STATE_HOME: sshd.folder };
    const start: number[] = [];
    const here: number[] = [];
    const there: number[] = [];
    let cpu = 0;
    for (let run = 0; run < RUNS; run++) {
      start.push(await wallSeconds(root, ['--help'], env));
      const before = cpuOf('self').children;
      here.push((await diagnoseSeconds(root, 'local:/', env)) - WINDOW_SECONDS);
      cpu += cpuOf('self').children - before;
      there.push((await diagnoseSeconds(root, `ssh://${sshd.alias}/`, env)) - WINDOW_SECONDS);
    }
    return {
      title: 'From command to verdict, beyond the window',
      method: [
        `Wall time of node dist/cli.js diagnose --seconds ${WINDOW_SECONDS} --json without the window, median of ${RUNS} (lowest … highest):`,
        'start of Node, reading the runbooks, connecting, starting the probe, both full samples, judging. In VS Code the first two are over before.',
      ],
      results: [beyond('local', here), beyond('SSH to 127.0.0.1', there), 
        info('start of Node and the program alone (--help)', spread(start, seconds)),
        info('local: CPU time of the program and its probe, mean', ms(cpu / RUNS)),
      ],
    };
  } finally {
    await sshd.stop();
  }
}

function beyond(what: string, took: readonly number[]): Result {
  return { what, measured: spread(took, seconds), target: { text: `≤ ${seconds(LIMIT_SECONDS)}`, met: median(took) <= LIMIT_SECONDS } };
}

async function diagnoseSeconds(root: string, target: string, env: NodeJS.ProcessEnv): Promise<number> {
  return wallSeconds(root, ['diagnose', target, '--seconds', String(WINDOW_SECONDS), '--json'], env);
}

function wallSeconds(root: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, [join(root, 'dist', 'cli.js'), ...args], { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('error', reject);
    child.on('close', (status) => {
      // 1 means that this machine loses packets: an answer too.
      if (status === 0 || status === 1) resolve((performance.now() - start) / 1000);
      else reject(new Error(`droplens ${args.join(' ')} ended with ${status}: ${said}`));
    });
  });
}
