import { readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { UNPRIVILEGED, type Host } from './lab.js';
import { run, type Ended } from './processes.js';

/** The command line's answer, as a person gets it: the contract of `diagnose --json`. */
export interface Report {
  readonly verdict: 'loss' | 'risk' | 'clean' | 'incomplete';
  readonly window: { readonly seconds: number; readonly samples: number };
  readonly findings: readonly ReportFinding[];
  readonly notChecked: readonly { readonly what: string; readonly why: string }[];
}

export interface ReportFinding {
  readonly cause: string;
  readonly layer: string;
  readonly direction: string;
  readonly severity: 'loss' | 'risk' | 'harmless' | 'history';
  readonly subject: { readonly kind: string; readonly name: string; readonly process?: string };
  readonly rate: number;
  readonly evidence: readonly { readonly signal: string; readonly before: number; readonly after: number; readonly delta: number }[];
  readonly summary: string;
}

/** The command line of the product, where anybody on the machine can read and start it. */
export interface Cli extends AsyncDisposable {
  readonly file: string;
}

/**
 * The bundle that DROPLENS_DIST names, else one made from the sources for this run; with the runbooks beside it, in a
 * folder of its own that also an unprivileged user may read.
 */
export async function openCli(): Promise<Cli> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'dlab-'));
  await chmod(folder, 0o755);
  const file = join(folder, 'dist', 'cli.js');
  const given = process.env['DROPLENS_DIST'];
  if (given === undefined) {
    await build({
      absWorkingDir: root,
      entryPoints: { cli: 'src/cli/main.ts' },
      outdir: join(folder, 'dist'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      external: ['*.node', 'cpu-features'],
      logLevel: 'error',
    });
  } else {
    await mkdir(join(folder, 'dist'));
    await copyFile(join(given, 'cli.js'), file);
  }
  await cp(join(root, 'media', 'runbooks'), join(folder, 'media', 'runbooks'), { recursive: true });
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Who diagnoses: somebody without rights, root, or root with the sources that only root has. */
export type Who = 'nobody' | 'root' | 'tier 1';

/** How a person would call the command line. Root looks into a namespace from outside; others are already in it. */
function commandLine(cli: Cli, host: Host | 'machine', seconds: number, who: Who, recording: string | undefined): readonly string[] {
  const diagnose = (target: string): readonly string[] => [
    ...[process.execPath, cli.file, ...(recording === undefined ? ['diagnose'] : ['record', '--out', recording]), target, '--seconds', String(seconds), '--json'],
    ...(who === 'tier 1' ? ['--root'] : []),
  ];
  if (who !== 'nobody') return diagnose(host === 'machine' ? 'local:/' : `local:/netns/${host.netns}`);
  const inside = host === 'machine' ? [] : ['ip', 'netns', 'exec', host.netns];
  return [...inside, ...UNPRIVILEGED, ...diagnose('local:/')];
}

/** One diagnosis, and what the load did while it watched. */
export interface Watched<T> {
  readonly status: number | null;
  readonly report: Report;
  /** The report as it was printed. */
  readonly text: string;
  readonly done: T;
}

/** Diagnoses a host as a person would, and puts load on it inside the watched window. `recording`: the file to record to. */
export async function diagnose<T>(
  cli: Cli,
  host: Host | 'machine',
  seconds: number,
  who: Who,
  load: () => Promise<T>,
  recording?: string,
): Promise<Watched<T>> {
  const argv = commandLine(cli, host, seconds, who, recording);
  let ended: Ended | undefined;
  let pid: number | undefined;
  const watching = run(argv, seconds + 20, '', (started) => (pid = started)).then((result) => (ended = result));
  // The rejection is seen below; until then nobody listens to it.
  watching.catch(() => undefined);
  await firstSample(() => programsOf(pid), () => ended !== undefined);
  const done = await load();
  if (ended !== undefined) {
    throw new Error(`The load outlasted the window of ${seconds} s, or the diagnosis failed: ${ended.stderr.trim()}`);
  }
  const { code, stdout, stderr } = await watching;
  if (stdout.trim() === '') throw new Error(`The diagnosis ended with ${code} and said nothing: ${stderr.trim()}`);
  return { status: code, report: JSON.parse(stdout) as Report, text: stdout, done };
}

const STEP_MS = 30;
const QUIET_STEPS = 8;

/** What a probe has to say before its first sample is shorter, and the sample is longer, on every kernel. */
const SHORTEST_SAMPLE = 8000;

/**
 * Waits until the probe has written its first sample and is idle. It starts before the command line has read its
 * runbooks, and waits to be asked. Samples are a second apart, so that this ends inside the window.
 */
async function firstSample(programs: () => readonly Program[], over: () => boolean): Promise<void> {
  let last = '';
  let quiet = 0;
  const end = Date.now() + 15_000;
  while (quiet < QUIET_STEPS) {
    if (over()) return;
    if (Date.now() > end) throw new Error('The diagnosis took no first sample within 15 s');
    const running = programs();
    const state = running.map(({ pid, written }) => `${pid}:${written}`).join(' ');
    const begun = running.some(({ written }) => written >= SHORTEST_SAMPLE);
    quiet = begun && state === last ? quiet + 1 : 0;
    last = state;
    await sleep(STEP_MS);
  }
}

interface Program {
  readonly pid: number;
  /** Bytes that it and the programs that it has waited for have written (proc_pid_io(5)). */
  readonly written: number;
}

/** Everything that a process has started, directly or not, and that still runs. */
function programsOf(root: number | undefined): readonly Program[] {
  if (root === undefined) return [];
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // After the program's name, which may hold anything: state, parent (proc_pid_stat(5)).
      const parent = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1];
      parents.set(Number(name), Number(parent));
    } catch {
      // It has ended since the folder was listed.
    }
  }
  const found = new Set([root]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  found.delete(root);
  return [...found].toSorted((a, b) => a - b).map((pid) => ({ pid, written: writtenBy(pid) }));
}

function writtenBy(pid: number): number {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
