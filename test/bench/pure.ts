import { join } from 'node:path';
import { localTransport } from '../../src/collect/local.js';
import { FrameReader, type Frame } from '../../src/collect/probe/frames.js';
import { lookOf, readingsOf } from '../../src/collect/probe/readings.js';
import { openSession } from '../../src/collect/session.js';
import type { RemoteProcess, Transport } from '../../src/collect/transport.js';
import { diagnose } from '../../src/core/diagnosis/diagnose.js';
import { derive } from '../../src/core/observe/derive.js';
import { observe, type WindowView } from '../../src/core/observe/window.js';
import { parserFor } from '../../src/core/parse/index.js';
import type { Cause } from '../../src/core/runbook/cause.js';
import type { Sample } from '../../src/core/sample.js';
import { SOURCES, type Tier } from '../../src/core/sources.js';
import { loadLibrary } from '../../src/engine/library.js';
import { diagnosisTiers } from '../../src/engine/schedule.js';
import { heapUsed } from './heap.js';
import { atMost, bytes, info, median, ms, type Product, type Result, type Section } from './report.js';
import { bigFrame, INTERFACES, SOCKETS } from './synthetic.js';

const NONCE = 'bench';
const TIERS: ReadonlySet<Tier> = diagnosisTiers('first');
const EVALUATION_LIMIT_MS = 5;

/** What understanding and judging costs where the product runs, without any host. */
export async function pureCostsPart({ root }: Product): Promise<Section> {
  const start = performance.now();
  const { causes } = await loadLibrary(join(root, 'media', 'runbooks'));
  const loading = performance.now() - start;
  const own = await capture();
  const big = bigFrame(NONCE, own);
  return {
    title: 'Pure costs',
    method: [
      `In this process, median after a warm-up; ${causes.length} causes. “Large host”: a made sample of ${INTERFACES} interfaces and ${SOCKETS} sockets.`,
      'Parsing: from the bytes of a full answer to a sample. Window: from four samples to the differences. Evaluation: all causes on one window.',
    ],
    results: [
      info('loading all runbooks, once', ms(loading)),
      ...(await costs('this host', own, causes)),
      ...(await costs('large host', big, causes)),
    ],
  };
}

async function costs(what: string, answer: Uint8Array, causes: readonly Cause[]): Promise<Result[]> {
  const parsing = repeated(() => parse(answer, 0));
  const before = await heapUsed();
  const samples = [0, 1, 2, 3].map((second) => parse(answer, second));
  const memory = ((await heapUsed()) - before) / samples.length;
  const view = windowOf(samples);
  const rows = [...view.rows.values()].reduce((sum, table) => sum + table.size, 0);
  return [
    info(`${what}: rows in a sample`, String(rows)),
    info(`${what}: bytes of an answer`, bytes(answer.length)),
    info(`${what}: parsing`, ms(parsing)),
    info(`${what}: memory of a sample`, bytes(memory)),
    info(`${what}: window`, ms(repeated(() => windowOf(samples)))),
    atMost(`${what}: evaluation`, repeated(() => diagnose(view, causes)), EVALUATION_LIMIT_MS, ms),
  ];
}

const windowOf = (samples: readonly Sample[]): WindowView => derive(observe(samples));

/** The sample that an answer holds, as the session makes it; `second` moves its clock on. */
function parse(answer: Uint8Array, second: number): Sample {
  const frame = frameOf(answer);
  const readings = readingsOf(frame, {
    sources: SOURCES,
    tiers: TIERS,
    parserFor,
    look: lookOf(frame) ?? { absent: new Set(), denied: new Set(), tools: new Set() },
    inNamespace: false,
    commandSeconds: 4,
  });
  return { seq: 1, hostSeconds: 1000 + second, bootId: 'bench', readings };
}

function frameOf(answer: Uint8Array): Frame {
  for (const event of new FrameReader(NONCE).push(answer)) if (event.kind === 'frame') return event.frame;
  throw new Error('the answer holds no frame');
}

/** Median milliseconds of some work that is repeated for about a second. */
function repeated(work: () => unknown): number {
  const took: number[] = [];
  const end = performance.now() + 1_200;
  while (performance.now() < end || took.length < 20) {
    const start = performance.now();
    work();
    took.push(performance.now() - start);
  }
  return median(took.slice(Math.floor(took.length / 5)));
}

/** The bytes with which this host answers a request for a full sample. */
async function capture(): Promise<Uint8Array> {
  const transport = localTransport();
  const chunks: Uint8Array[] = [];
  try {
    const session = await openSession(recording(transport, chunks), { host: 'here', parserFor, nonce: () => NONCE });
    chunks.length = 0;
    await session.sample(TIERS);
    await session.close();
    return Buffer.concat(chunks);
  } finally {
    await transport.dispose();
  }
}

function recording(transport: Transport, chunks: Uint8Array[]): Transport {
  return {
    lost: transport.lost,
    dispose: () => transport.dispose(),
    spawn: async (argv, signal): Promise<RemoteProcess> => {
      const process = await transport.spawn(argv, signal);
      return {
        stdout: copied(process.stdout, chunks),
        stderr: process.stderr,
        exit: process.exit,
        write: (data) => process.write(data),
        end: () => process.end(),
        kill: () => process.kill(),
      };
    },
  };
}

async function* copied(stream: AsyncIterable<Uint8Array>, chunks: Uint8Array[]): AsyncIterable<Uint8Array> {
  for await (const chunk of stream) {
    chunks.push(chunk);
    yield chunk;
  }
}
