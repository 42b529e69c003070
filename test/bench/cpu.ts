import { localTransport, type LocalMachine } from '../../src/collect/local.js';
import { openSession } from '../../src/collect/session.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Tier } from '../../src/core/sources.js';
import { diagnosisTiers, liveTiers } from '../../src/engine/schedule.js';
import { processesWith, token } from '../collect/support.js';
import { startExporter, type Exporter } from './exporter.js';
import { startFloor } from './floor.js';
import { cpuOf, CpuMeter } from './processes.js';
import { atMost, bytes, info, ms, times, type Result, type Section } from './report.js';

const WARM_UP = 20;
const FAST_ROUNDS = 600;
/** Live samples between two slow ones (schedule.ts): the average is taken over whole cycles. */
const CYCLE = 60;
const CYCLES = 5;
const DIAGNOSES = 20;

/** Which collectors read what a fast sample reads. There is none for ndisc_cache and rt_cache. */
const LIKE_FAST = ['netstat', 'netdev', 'softnet', 'sockstat', 'conntrack', 'arp', 'xfrm'];
/** … and what the medium and slow ones add. There is none for listeners and their queues or for processes of sockets. */
const LIKE_ALL = [...LIKE_FAST, 'netclass', 'qdisc', 'tcpstat', 'udp_queues', 'ethtool'];
/** node_exporter reads the same files, but shows about a tenth of the counters of netstat, snmp and snmp6 unless told. */
const ALL_FIELDS = '--collector.netstat.fields=.*';

/** What looking costs the host that is looked at. */
export async function cpuPart(): Promise<Section> {
  const tag = token();
  const machine: LocalMachine = {
    platform: 'linux',
    env: { PATH: process.env['PATH'], ...Object.fromEntries([tag.split('=')]) },
    exists: () => true,
  };
  const transport = localTransport(machine);
  const exporters: Exporter[] = [];
  const start = async (...of: Parameters<typeof startExporter>): Promise<Exporter> => {
    const exporter = await startExporter(...of);
    exporters.push(exporter);
    return exporter;
  };
  try {
    const session = await openSession(transport, { host: 'here', parserFor });
    const [probe = 0] = processesWith(tag);
    const floor = await startFloor(transport, await session.sample(diagnosisTiers('first')));
    const floorPid = processesWith(tag).find((pid) => pid !== probe) ?? 0;
    const likeFast = await start(LIKE_FAST);
    const likeFastFull = await start(LIKE_FAST, [ALL_FIELDS]);
    const likeAll = await start(LIKE_ALL);
    const likeAllFull = await start(LIKE_ALL, [ALL_FIELDS]);

    const subjects = (small: Exporter, full: Exporter) => ({
      probe: { pid: probe, ask: (tiers: ReadonlySet<Tier>) => session.sample(tiers) },
      floor: { pid: floorPid, ask: (tiers: ReadonlySet<Tier>) => floor.ask(tiers) },
      exporter: { pid: small.pid, ask: () => small.scrape() },
      exporterFull: { pid: full.pid, ask: () => full.scrape() },
    });
    const fastTiers = new Set<Tier>(['fast']);
    await sideBySide(subjects(likeFast, likeFastFull), WARM_UP, () => fastTiers);
    const fast = await sideBySide(subjects(likeFast, likeFastFull), FAST_ROUNDS, () => fastTiers);
    await sideBySide(subjects(likeAll, likeAllFull), WARM_UP, () => fastTiers);
    const live = await sideBySide(subjects(likeAll, likeAllFull), CYCLE * CYCLES, (round) => liveTiers(CYCLE + round));
    const full = await sideBySide({ probe: subjects(likeAll, likeAllFull).probe }, 60, () => diagnosisTiers('first'));
    const between = await sideBySide({ probe: subjects(likeAll, likeAllFull).probe }, 100, () => diagnosisTiers('between'));
    const sizes = { fast: await likeFast.scrape(), all: await likeAll.scrape(), full: await likeAllFull.scrape() };
    await session.close();
    const diagnosis = await wholeDiagnoses(machine);

    return {
      title: 'CPU on the host per sample',
      method: [
        'User and system time of the probe’s shell and of everything that it started, from /proc/PID/stat (utime, stime, cutime, cstime),',
        `over ${FAST_ROUNDS} fast samples and ${CYCLES} cycles of ${CYCLE} live ones; floor and exporters take turns with it, sample by sample.`,
        'Floor: a shell that prints the same files with one cat, and runs the same commands bare; its fork and exec are counted.',
        `node_exporter, fast: ${likeFast.collectors.join(' ')}.`,
        `node_exporter, live: ${likeAll.collectors.join(' ')}.`,
        'Its own process only, uncompressed, kept connection. “Same counters”: with all fields of netstat, which the probe shows too; else it shows a tenth.',
        `A scrape brings ${bytes(sizes.fast)}, live ${bytes(sizes.all)}, live with the same counters ${bytes(sizes.full)}.`,
      ],
      results: [...compared('fast sample', fast), ...compared('live view, mean', live), ...more(between.probe, full.probe, diagnosis)],
    };
  } finally {
    await transport.dispose();
    await Promise.all(exporters.map((exporter) => exporter.stop()));
  }
}

interface Subject {
  readonly pid: number;
  ask(tiers: ReadonlySet<Tier>): Promise<unknown>;
}

/** Lets the subjects take turns, so that what else the machine does meets all of them. CPU milliseconds per round. */
async function sideBySide<Name extends string>(
  subjects: Readonly<Record<Name, Subject>>,
  rounds: number,
  tiersOf: (round: number) => ReadonlySet<Tier>,
): Promise<Record<Name, number>> {
  const all = Object.entries<Subject>(subjects).map(([name, subject]) => ({ name, subject, meter: new CpuMeter(subject.pid) }));
  for (let round = 0; round < rounds; round++) {
    for (const { subject } of all) await subject.ask(tiersOf(round));
  }
  return Object.fromEntries(all.map(({ name, meter }) => [name, meter.used() / rounds])) as Record<Name, number>;
}

/** CPU milliseconds of one diagnosis of three seconds: starting the probe, four samples, ending it; without the waiting. */
async function wholeDiagnoses(machine: LocalMachine): Promise<number> {
  // Every process of the probe has been waited for by us when its session has closed: nothing is missed.
  const before = cpuOf('self').children;
  for (let i = 0; i < DIAGNOSES; i++) {
    const transport = localTransport(machine);
    const session = await openSession(transport, { host: 'here', parserFor });
    for (const position of ['first', 'between', 'between', 'last'] as const) await session.sample(diagnosisTiers(position));
    await session.close();
    await transport.dispose();
  }
  return (cpuOf('self').children - before) / DIAGNOSES;
}

function compared(what: string, used: Record<'probe' | 'floor' | 'exporter' | 'exporterFull', number>): Result[] {
  return [
    info(`${what}: probe`, ms(used.probe)),
    info(`${what}: floor`, ms(used.floor)),
    info(`${what}: node_exporter`, ms(used.exporter)),
    info(`${what}: node_exporter, same counters`, ms(used.exporterFull)),
    atMost(`${what}: probe / floor`, used.probe / used.floor, 2, times),
    atMost(`${what}: probe / node_exporter`, used.probe / used.exporter, 0.5, times),
    atMost(`${what}: probe / node_exporter, same counters`, used.probe / used.exporterFull, 0.5, times),
  ];
}

function more(between: number, full: number, diagnosis: number): Result[] {
  return [
    info('fast and medium sample: probe', ms(between)),
    info('full sample: probe', ms(full)),
    info('whole diagnosis of 3 s: probe, from its start to its end', ms(diagnosis)),
  ];
}
