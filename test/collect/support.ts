import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The shells with which everything that runs on a host is tested. */
export const SHELLS = ['dash', 'bash', 'busybox ash'] as const;
export type ShellName = (typeof SHELLS)[number];

/** How a shell is started. Fails with the reason when this machine does not have it. */
export function shellArgv(name: ShellName): readonly string[] {
  const argv = name === 'busybox ash' ? ['busybox', 'ash'] : [name];
  const [program = '', ...args] = argv;
  const ran = spawnSync(program, [...args, '-c', 'exit 42']);
  if (ran.status !== 42) throw new Error(`this test needs the shell "${name}": install ${program}`);
  return argv;
}

/** Fails with the reason when the test process is not root. */
export function requireRoot(what: string): void {
  if (process.getuid?.() !== 0) throw new Error(`${what} needs root, because it makes network namespaces`);
}

/** Runs a program and fails with what it said when it failed. */
export function run(program: string, ...args: readonly string[]): string {
  const ran = spawnSync(program, args, { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${ran.error?.message ?? ran.stderr}`);
  return ran.stdout;
}

/** Processes of this machine, other than zombies, whose environment holds this entry. */
export function processesWith(entry: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(entry);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Waits until the condition holds; fails with its name after the given time. */
export async function until(what: string, condition: () => boolean, seconds = 10): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`did not come true within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** An environment entry by which everything that one test starts can be found again. */
export function token(): string {
  return `DROPLENS_TEST=${process.pid}-${Math.floor(performance.now() * 1e6)}`;
}
