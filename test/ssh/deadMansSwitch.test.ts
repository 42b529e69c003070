import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Act } from '../../src/core/fix/types.js';
import { bundle, type Bundled } from '../support/bundle.js';
import { startSshd, type TestSshd } from './sshd.js';
import type { VictimOrders } from './victim.js';

/** Seconds after which the host undoes the change. */
const SECONDS = 2;
const RUNS = 60;
const LANES = 6;

type Cut =
  /** Our process is gone without a word. */
  | 'killed'
  /** Our process hangs, its connection stays open. */
  | 'hung'
  /** Nothing comes through the connection any more, and nobody notices. */
  | 'frozen'
  /** The server and all its connections are gone. */
  | 'sshd stopped';
const CUTS: readonly Cut[] = ['killed', 'hung', 'frozen', 'sshd stopped'];

/** How far the change had come when it happened. */
const PHASES = ['connected', 'armed', 'applied'] as const;
type Phase = (typeof PHASES)[number];

/** A small generator of numbers from 0 to 1 (mulberry32), so that a run that fails can be had again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function processesWith(text: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter((word) => word !== '').map(Number);
  } catch {
    return [];
  }
}

/** sshd's processes for a connection: the privileged one and the one that talks. What they started is not among them. */
async function sessionsOf(sshd: TestSshd): Promise<number[]> {
  const monitors = await sshd.connections();
  const talkers = monitors.flatMap(childrenOf).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('sshd');
    } catch {
      return false;
    }
  });
  return [...monitors, ...talkers];
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended by itself.
    }
  }
}

interface Run {
  readonly number: number;
  readonly cut: Cut;
  readonly phase: Phase;
  readonly delayMs: number;
}

describe('a change whose connection is cut', () => {
  let victim: Bundled;
  beforeAll(async () => {
    victim = await bundle('../test/ssh/victim.ts', 'victim');
  });
  afterAll(() => victim.remove());

  /** Answers whether the change had been made when it happened. */
  const happen = async ({ cut, phase, delayMs }: Run): Promise<boolean> => {
    const host = mkdtempSync(join(tmpdir(), 'droplens-switch-'));
    const [one, two] = [join(host, 'one'), join(host, 'two')] as const;
    const values = (): string => [one, two].map((file) => readFileSync(file, 'utf8').trim()).join(' ');
    const write = (path: string, text: string): Act => ({ kind: 'write', path, text });
    for (const file of [one, two]) writeFileSync(file, 'old\n');
    const sshd = await startSshd();
    let child: ChildProcess | undefined;
    let stopped: number[] = [];
    try {
      const orders: VictimOrders = {
        sshd: { alias: sshd.alias, home: sshd.home, folder: sshd.folder },
        apply: [write(one, 'new'), { kind: 'run', argv: ['sleep', '0.2'] }, write(two, 'new')],
        undo: [write(two, 'old'), write(one, 'old')],
        seconds: SECONDS,
      };
      child = spawn(process.execPath, [victim.file, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'inherit'] });
      // Its own command line names the files, too.
      const own = child.pid;
      const left = (): number[] => processesWith(host).filter((pid) => pid !== own);
      let said = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
      await vi.waitFor(() => expect(said).toContain(`${phase}\n`), { timeout: 30_000, interval: 5 });
      await sleep(delayMs);
      if (cut === 'killed') child.kill('SIGKILL');
      else if (cut === 'hung') child.kill('SIGSTOP');
      else if (cut === 'sshd stopped') await sshd.crash();
      else signal((stopped = await sessionsOf(sshd)), 'SIGSTOP');
      const changed = values() !== 'old old';
      // What is on its way when it happens may still arrive: only then does the host's clock begin.
      await sleep(SECONDS * 1_000);
      await vi.waitFor(() => expect([values(), left()]).toEqual(['old old', []]), { timeout: 8_000, interval: 100 });
      // A part of the change that comes late would show after the undoing.
      await sleep(400);
      expect([values(), left()]).toEqual(['old old', []]);
      return changed;
    } finally {
      signal(stopped, 'SIGCONT');
      child?.kill('SIGKILL');
      await sshd.stop();
      rmSync(host, { recursive: true, force: true });
    }
  };

  it(`is undone by the host in each of ${RUNS} runs, wherever it was cut, and leaves nothing behind`, async () => {
    const random = generator(20_261_122);
    const runs = Array.from({ length: RUNS }, (_, number): Run => {
      const phase = PHASES[number % PHASES.length] ?? 'armed';
      return { number, cut: CUTS[Math.floor(number / PHASES.length) % CUTS.length] ?? 'killed', phase, delayMs: Math.floor(random() * 300) };
    });
    const changed = new Map<string, number>();
    const waiting = [...runs];
    const lane = async (): Promise<void> => {
      for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
        try {
          if (await happen(run)) changed.set(run.cut, (changed.get(run.cut) ?? 0) + 1);
        } catch (error) {
          throw new Error(`run ${JSON.stringify(run)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    // A run that was cut before anything was changed proves little; most must not be of that kind.
    for (const cut of CUTS) expect(changed.get(cut) ?? 0, cut).toBeGreaterThanOrEqual(RUNS / CUTS.length / 2);
  }, 240_000);
});
