import { readdir, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import type { Layer } from '../../../src/core/layers.js';
import { diagnose, openCli, type Cli, type Report, type Who } from '../../lab/cli.js';
import type { Control, Done, Fault } from '../../lab/fault.js';
import { Lab, whyNot } from '../../lab/lab.js';
import { Pool } from '../../lab/pool.js';
import { readCounters } from './counters.js';
import { documentOf, tableOf } from './document.js';
import { PEERS, type Seen } from './peers.js';
import type { Answers, Judged } from './score.js';
import { DropTrace, REASONS, telling } from './trace.js';

/** Ours, and the plain count of drop reasons, beside the peers of {@link PEERS}. */
export const OURS = 'Droplens';
export const TRACE = 'kfree_skb count';

/** One run of a healthy host: how many alarms each tool raised. */
export interface Quiet {
  readonly control: string;
  readonly alarms: ReadonlyMap<string, readonly string[]>;
}

export interface Score {
  readonly kernel: string;
  readonly tools: readonly string[];
  readonly singles: readonly Judged[];
  readonly doubles: readonly Judged[];
  readonly controls: readonly Quiet[];
  readonly rounds: number;
  /** Runs that did not come about, and why. */
  readonly failed: readonly string[];
}

/** Everything that one watched window gave. */
interface Run {
  readonly report: Report;
  readonly answers: ReadonlyMap<string, Answers>;
  readonly alarms: ReadonlyMap<string, readonly string[]>;
}

const whoFor = (thing: Fault | Control): Who => ('tier' in thing ? 'tier 1' : 'root' in thing ? 'root' : 'nobody');

/** Watches one fault or healthy host; without a trace several can be watched at once, for a trace sees all of them. */
async function watch(cli: Cli, trace: DropTrace | undefined, thing: Fault | Control): Promise<Run> {
  await using lab = new Lab();
  const scene = await thing.setUp(lab);
  const seconds = thing.seconds ?? 3;
  let before: Seen['before'] | undefined;
  const { report } = await diagnose<Done>(cli, scene.target, seconds, whoFor(thing), async () => {
    before = await readCounters(scene.target);
    await trace?.start();
    return scene.load();
  });
  const reasons = trace && telling(await trace.stop());
  if (before === undefined) throw new Error('The window never began');
  const seen: Seen = { before, after: await readCounters(scene.target), seconds };
  const answers = new Map<string, Answers>();
  const alarms = new Map<string, readonly string[]>();
  answers.set(OURS, report.findings.filter(({ severity }) => severity === 'loss' || severity === 'risk').map(({ cause }) => [cause]));
  alarms.set(OURS, report.findings.filter(({ severity }) => severity === 'loss').map(({ cause }) => cause));
  for (const peer of PEERS) {
    const raised = peer.alarms.filter((alarm) => alarm.raised(seen));
    // A list of alarms has no order, so the best of them counts as the first.
    answers.set(peer.name, raised.length === 0 ? [] : [raised.flatMap(({ claims }) => claims)]);
    alarms.set(peer.name, raised.map(({ name }) => name));
  }
  if (reasons) {
    answers.set(TRACE, reasons.map((reason) => REASONS.get(reason) ?? []));
    alarms.set(TRACE, reasons);
  }
  return { report, answers, alarms };
}

async function all<T>(folder: string, load: (name: string) => Promise<{ readonly default: T }>): Promise<readonly T[]> {
  const files = (await readdir(new URL(`../../lab/${folder}/`, import.meta.url))).filter((file) => file.endsWith('.ts')).toSorted();
  return Promise.all(files.map(async (file) => (await load(file.slice(0, -'.ts'.length))).default));
}

/** Measures, prints the tables, and writes docs/accuracy.md unless told not to. Gives the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const value = (name: string): string | undefined => (argv.includes(name) ? argv[argv.indexOf(name) + 1] : undefined);
  const rounds = Number(value('--controls') ?? 1);
  const only = value('--only')?.split(',');
  const wanted = <T extends { readonly id: string }>(list: readonly T[]): readonly T[] => list.filter(({ id }) => only?.includes(id) ?? true);
  const why = await whyNot();
  if (why !== undefined) {
    console.error(`The score cannot be measured: ${why}`);
    return 2;
  }
  await Lab.sweep();
  const faults = wanted(await all<Fault>('faults', (name) => import(`../../lab/faults/${name}.ts`)));
  const doubles = wanted(await all<Fault>('doubles', (name) => import(`../../lab/doubles/${name}.ts`)));
  const healthy = wanted(await all<Control>('controls', (name) => import(`../../lab/controls/${name}.ts`)));
  await using cli = await openCli();
  await using trace = await DropTrace.open();
  const failed: string[] = [];
  const attempt = async (thing: Fault | Control, traced: boolean, take: (run: Run) => string): Promise<void> => {
    try {
      console.log(`${thing.id.padEnd(24)} ${take(await watch(cli, traced ? trace : undefined, thing))}`);
    } catch (error) {
      failed.push(`${thing.id}: ${error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)}`);
      console.log(`${thing.id.padEnd(24)} failed: ${failed.at(-1)}`);
    }
  };
  const judged = async (list: readonly Fault[]): Promise<readonly Judged[]> => {
    const runs: Judged[] = [];
    for (const fault of list) {
      const causes = fault.expected.map(({ cause }) => cause);
      await attempt(fault, true, ({ answers, alarms }) => {
        runs.push({ fault: fault.id, layer: fault.expected[0]?.layer as Layer, causes, answers });
        const peers = [...alarms].filter(([tool]) => tool !== OURS).map(([tool, names]) => `${tool}: ${names.join(', ') || '–'}`);
        const found = (answers.get(OURS) ?? []).flat();
        return `${found.slice(0, causes.length).every((cause) => causes.includes(cause)) && found.length > 0 ? ' ' : '!'} ${found.join(', ') || '–'} | ${peers.join(' | ')}`;
      });
    }
    return runs;
  };
  const singles = await judged(faults);
  const pairs = await judged(doubles);
  const controls: Quiet[] = [];
  for (let round = 0; round < rounds; round++) {
    // The trace takes part in the first round only, so that the others can be three at a time.
    const traced = round === 0;
    const look = (control: Control): Promise<void> =>
      attempt(control, traced, ({ alarms }) => {
        controls.push({ control: control.id, alarms });
        return [...alarms].map(([tool, names]) => `${tool}: ${names.join(', ') || '–'}`).join(' | ');
      });
    const pool = new Pool(traced ? 1 : 3);
    await Promise.all(healthy.filter(({ alone }) => alone === undefined).map((control) => pool.run(() => look(control))));
    for (const control of healthy.filter(({ alone }) => alone !== undefined)) await look(control);
  }
  const tools = [OURS, ...PEERS.map(({ name }) => name), TRACE];
  const score: Score = { kernel: release().split('-', 1)[0] ?? '', tools, singles, doubles: pairs, controls, rounds, failed };
  console.log(`\n${tableOf(score)}`);
  if (!argv.includes('--no-doc') && only === undefined) await writeFile(new URL('../../../docs/accuracy.md', import.meta.url), documentOf(score));
  const falseAlarms = controls.flatMap(({ alarms }) => alarms.get(OURS) ?? []).length;
  return failed.length > 0 || falseAlarms > 0 ? 1 : 0;
}
