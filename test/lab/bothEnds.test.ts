import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseTarget, type Target } from '../../src/collect/target.js';
import { english, msg } from '../../src/core/message.js';
import { orient, watchFlow, type Side } from '../../src/engine/bothEnds.js';
import { toBothEndsReport } from '../../src/engine/bothEndsReport.js';
import { notAgreed } from '../../src/engine/deeper.js';
import { loadLibrary, type Library } from '../../src/engine/library.js';
import { openTarget, type OpenedTarget } from '../../src/engine/open.js';
import type { BothEndsReport } from '../../src/protocol/bothEnds.js';
import type { FlowCase } from './flows/case.js';
import { TCP_CASES } from './flows/tcpCases.js';
import { UDP_CASES } from './flows/udpCases.js';
import { Lab, whyNot } from './lab.js';
import { Pool } from './pool.js';

/** Two hosts are watched at once in each case. */
const pool = new Pool(2);
let library: Library;

beforeAll(async () => {
  const why = await whyNot();
  if (why !== undefined) throw new Error(`The lab did not run, because ${why}`);
  await Lab.sweep();
  library = await loadLibrary(fileURLToPath(new URL('../../media/runbooks', import.meta.url)));
});

function targetOf(netns: string): Target {
  const parsed = parseTarget(`local:/netns/${netns}`);
  if (parsed.kind === 'malformed') throw new Error(`${netns} is no target`);
  return parsed.target;
}

function open(netns: string): Promise<OpenedTarget> {
  const nobody = { hostKey: () => Promise.resolve(false), secret: () => Promise.resolve(undefined) };
  return openTarget(targetOf(netns), { asker: nobody, storage: '/nonexistent', interactive: false, tools: [] });
}

/** Watches the flow of a case at both ends, with its load inside the window. */
async function verdictOf(one: FlowCase): Promise<BothEndsReport> {
  await using lab = new Lab();
  const scene = await one.setUp(lab);
  const [a, b] = await Promise.all([open(scene.receiver.netns), open(scene.sender.netns)]);
  try {
    const side = (opened: OpenedTarget): Side => ({ opened, sampler: opened.session, deeper: notAgreed(msg('not asked for')) });
    // The hosts are given in the wrong order: which of them sends is found out.
    const { sender, receiver } = await orient(scene.flow, side(a), side(b));
    expect(sender.opened.uri).toBe(b.uri);
    let load: Promise<unknown> | undefined;
    // Progress is told first when both ends have been read.
    const begin = (): void => {
      load ??= scene.load();
    };
    const watched = await watchFlow(scene.flow, sender, receiver, library.causes, one.seconds ?? 4, begin, undefined);
    await load;
    return toBothEndsReport(watched, [], library, english);
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
}

describe.concurrent('a flow between two hosts', () => {
  for (const one of [...TCP_CASES, ...UDP_CASES]) {
    it(`${one.id}: ${one.title}`, { timeout: 90_000 }, () =>
      pool.run(async () => {
        const report = await verdictOf(one);
        const shown = JSON.stringify({ ...report, ends: undefined }, null, 1);
        if (process.env['DROPLENS_LAB_SHOW'] === '1') process.stdout.write(`${one.id}\n${shown}\n`);
        expect([report.verdict, report.place], shown).toEqual([one.verdict, one.place]);
        if (one.cause !== undefined) expect(report.findings.map(({ cause }) => cause), shown).toContain(one.cause);
        // The receiver's window encloses the sender's.
        expect(report.skewMs.begin).toBeLessThan(0);
        expect(report.skewMs.end).toBeGreaterThan(0);
      }),
    );
  }
});
