import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnose, openCli, type Cli, type Who } from './cli.js';
import type { Control, Done, Fault, Scene } from './fault.js';
import { problemsOfControl, problemsOfFault } from './judge.js';
import { Lab, whyNot } from './lab.js';
import { Pool } from './pool.js';

/** What the files of a folder beside this one export. */
async function all<T>(folder: string, load: (name: string) => Promise<{ readonly default: T }>): Promise<readonly T[]> {
  const files = (await readdir(new URL(`${folder}/`, import.meta.url))).filter((file) => file.endsWith('.ts')).toSorted();
  return Promise.all(files.map(async (file) => (await load(file.slice(0, -'.ts'.length))).default));
}

const faults = await all<Fault>('faults', (name) => import(`./faults/${name}.ts`));
const doubles = await all<Fault>('doubles', (name) => import(`./doubles/${name}.ts`));
const controls = await all<Control>('controls', (name) => import(`./controls/${name}.ts`));

/** Most of a diagnosis is waiting; more at once than this, and two processors are too slow for the window. */
const pool = new Pool(3);
const LIMIT_MS = 150_000;

let cli: Cli | undefined;

beforeAll(async () => {
  const why = await whyNot();
  if (why !== undefined) throw new Error(`The lab did not run, because ${why}`);
  await Lab.sweep();
  cli = await openCli();
});

afterAll(async () => {
  await cli?.[Symbol.asyncDispose]();
});

const whoFor = (thing: Fault | Control): Who => ('tier' in thing ? 'tier 1' : 'root' in thing ? 'root' : 'nobody');

async function watch(thing: Fault | Control) {
  if (cli === undefined) throw new Error('The command line was not built');
  await using lab = new Lab();
  const scene: Scene = await thing.setUp(lab);
  const watched = await diagnose<Done>(cli, scene.target, thing.seconds ?? 3, whoFor(thing), () => scene.load());
  if (process.env['DROPLENS_LAB_SHOW'] === '1') process.stdout.write(`${JSON.stringify(watched, null, 1)}\n`);
  return { scene, watched };
}

async function checkFault(fault: Fault): Promise<void> {
  const { scene, watched } = await watch(fault);
  const problems = problemsOfFault(fault, scene, watched);
  expect(problems, `${fault.id}\n${JSON.stringify(watched.report, null, 1)}`).toEqual([]);
}

async function checkControl(control: Control): Promise<void> {
  const { watched } = await watch(control);
  const problems = problemsOfControl(control, watched);
  expect(problems, `${control.id}\n${JSON.stringify(watched.report, null, 1)}`).toEqual([]);
}

const shared = <T extends { readonly alone?: string }>(list: readonly T[]): readonly T[] => list.filter(({ alone }) => alone === undefined);
const alone = <T extends { readonly alone?: string }>(list: readonly T[]): readonly T[] => list.filter((thing) => thing.alone !== undefined);

describe.concurrent('faults and healthy hosts, each in namespaces of its own', () => {
  for (const fault of shared(faults)) {
    it(`fault ${fault.id}: ${fault.title}`, { timeout: LIMIT_MS }, () => pool.run(() => checkFault(fault)));
  }
  for (const fault of shared(doubles)) {
    it(`two faults ${fault.id}: ${fault.title}`, { timeout: LIMIT_MS }, () => pool.run(() => checkFault(fault)));
  }
  for (const control of shared(controls)) {
    it(`healthy ${control.id}: ${control.title}`, { timeout: LIMIT_MS }, () => pool.run(() => checkControl(control)));
  }
});

describe('faults that concern the whole machine, one at a time', () => {
  for (const fault of alone(faults)) it(`fault ${fault.id}: ${fault.title}`, { timeout: LIMIT_MS }, () => checkFault(fault));
  for (const fault of alone(doubles)) it(`two faults ${fault.id}: ${fault.title}`, { timeout: LIMIT_MS }, () => checkFault(fault));
  for (const control of alone(controls)) it(`healthy ${control.id}: ${control.title}`, { timeout: LIMIT_MS }, () => checkControl(control));
});
