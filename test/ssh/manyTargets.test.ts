import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSession, type ProbeSession } from '../../src/collect/session.js';
import { connectSsh } from '../../src/collect/ssh/connect.js';
import type { SshTransport } from '../../src/collect/ssh/types.js';
import type { Parser } from '../../src/core/facts.js';
import { msg } from '../../src/core/message.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Sample } from '../../src/core/sample.js';
import { SOURCES, type Source, type Tier } from '../../src/core/sources.js';
import { startSshd, type TestSshd } from './sshd.js';
import { requestFor } from './support.js';

const TARGETS = 30;
const SAMPLES = 20;
/** More than thirty hosts may take (150 MB), so that only a leak is caught and not a busy machine. */
const MOST_BYTES = 400e6;
const TIERS: ReadonlySet<Tier> = new Set(['fast', 'medium']);

let sshd: TestSshd;
const warnings: Error[] = [];
const onWarning = (warning: Error): void => void warnings.push(warning);

beforeAll(async () => {
  process.on('warning', onWarning);
  // Thirty at once are more than the default lets in before they are logged in (sshd_config(5), MaxStartups).
  sshd = await startSshd({ config: ['MaxStartups 200'] });
});

afterAll(async () => {
  process.off('warning', onWarning);
  await sshd.stop();
});

/** What a target is asked beside the usual: a line that only it prints. */
const signature = (number: number): Source => ({
  id: 'signature',
  title: msg('signature'),
  tier: 'fast',
  reader: { kind: 'command', tools: ['cat'], script: `echo target-${number}` },
  scope: 'host',
  essential: true,
});

const parseSignature: Parser = (text) => ({ counters: new Map(), gauges: new Map(), texts: new Map([['signature', text.trim()]]), rows: [], problems: [] });

/** Fast files and the signature, which stands among the commands: those are of the medium tier. */
const sourcesOf = (number: number): readonly Source[] => [
  ...SOURCES.filter(({ tier, reader }) => tier === 'fast' && reader.kind === 'file'),
  { ...signature(number), tier: 'medium' },
];

async function open(number: number): Promise<{ readonly ssh: SshTransport; readonly session: ProbeSession }> {
  const ssh = await connectSsh(requestFor(sshd));
  const session = await openSession(ssh, {
    host: `host ${number}`,
    sources: sourcesOf(number),
    parserFor: (id) => (id === 'signature' ? parseSignature : parserFor(id)),
    // Two cores for thirty hosts and their sshd: what is tested is that nothing is lost, not how soon it comes.
    helloSeconds: 60,
    sampleSeconds: 60,
  });
  return { ssh, session };
}

function signatureIn(sample: Sample): string | undefined {
  const reading = sample.readings.get('signature');
  return reading?.state === 'ok' ? reading.facts.texts.get('signature') : undefined;
}

test('thirty hosts at once: every sample comes, in order, to the one who asked, and nothing is left afterwards', async () => {
  const targets = await Promise.all(Array.from({ length: TARGETS }, (_, number) => open(number)));
  expect(await sshd.connections()).toHaveLength(TARGETS);
  const taken = await Promise.all(
    targets.map(async ({ session }) => {
      const samples: Sample[] = [];
      for (let round = 0; round < SAMPLES; round++) samples.push(await session.sample(TIERS));
      return samples;
    }),
  );
  for (const [number, samples] of taken.entries()) {
    expect(samples.map(({ seq }) => seq)).toEqual(Array.from({ length: SAMPLES }, (_, round) => round + 1));
    expect(new Set(samples.map(signatureIn))).toEqual(new Set([`target-${number}`]));
    const times = samples.map(({ hostSeconds }) => hostSeconds);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(targets[number]?.session.traffic).toMatchObject({ samples: SAMPLES, roundTrips: SAMPLES + 1 });
  }
  // One channel for each connection, however many samples were taken.
  expect(sshd.log().split('Starting session: command').length - 1).toBe(TARGETS);
  await Promise.all(
    targets.map(async ({ ssh, session }) => {
      await session.close();
      await ssh.dispose();
    }),
  );
  // sshd's processes end by themselves once their connection is closed.
  while ((await sshd.connections()).length > 0) await sleep(20);
  expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
  expect(process.memoryUsage().rss).toBeLessThan(MOST_BYTES);
});
