import { localTransport } from '../../src/collect/local.js';
import { openSession, type ProbeSession, type Traffic } from '../../src/collect/session.js';
import { connectSsh } from '../../src/collect/ssh/connect.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Tier } from '../../src/core/sources.js';
import { diagnosisTiers, liveTiers } from '../../src/engine/schedule.js';
import { startSshd } from '../ssh/sshd.js';
import { requestFor } from '../ssh/support.js';
import { atMost, bytes, info, ms, type Result, type Section } from './report.js';

const ROUNDS = 120;

const KINDS: readonly (readonly [name: string, rounds: number, tiersOf: (round: number) => ReadonlySet<Tier>])[] = [
  ['fast', ROUNDS, () => new Set<Tier>(['fast'])],
  ['live view', ROUNDS, (round) => liveTiers(30 + round)],
  ['full', 30, () => diagnosisTiers('first')],
];

/** What a sample sends, and how long it takes, here and over SSH. */
export async function wirePart(): Promise<Section> {
  const sshd = await startSshd();
  try {
    const local = localTransport();
    const ssh = await connectSsh(requestFor(sshd));
    try {
      const here = await openSession(local, { host: 'here', parserFor });
      const there = await openSession(ssh, { host: 'there', parserFor });
      const results: Result[] = [
        info('start of the probe, sent', bytes(there.traffic.bytesOut)),
        info('start of the probe, received', bytes(there.traffic.bytesIn)),
      ];
      for (const kind of KINDS) results.push(...(await compared(kind, here, there)));
      await Promise.all([here.close(), there.close()]);
      return {
        title: 'On the wire, per sample',
        method: [
          'Bytes are those of the channel, before SSH encrypts them. The time is from the request to the parsed sample, mean;',
          'SSH through ssh2 to an sshd on 127.0.0.1, so that a real network adds one round trip of its own to it.',
        ],
        results,
      };
    } finally {
      await Promise.all([local.dispose(), ssh.dispose()]);
    }
  } finally {
    await sshd.stop();
  }
}

async function compared([name, rounds, tiersOf]: (typeof KINDS)[number], here: ProbeSession, there: ProbeSession): Promise<Result[]> {
  const before = there.traffic;
  const took = { here: 0, there: 0 };
  for (let round = 0; round < rounds; round++) {
    took.here += await timed(() => here.sample(tiersOf(round)));
    took.there += await timed(() => there.sample(tiersOf(round)));
  }
  const each = (key: keyof Traffic): number => (there.traffic[key] - before[key]) / rounds;
  return [
    atMost(`${name}: round trips`, each('roundTrips'), 1, String),
    info(`${name}: sent`, bytes(each('bytesOut'))),
    info(`${name}: received`, bytes(each('bytesIn'))),
    info(`${name}: time here`, ms(took.here / rounds)),
    info(`${name}: time over SSH`, ms(took.there / rounds)),
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
