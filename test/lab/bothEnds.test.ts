import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTarget, type Target } from '../../src/collect/target.js';
import { english, msg } from '../../src/core/message.js';
import { orient, watchFlow, type Side } from '../../src/engine/bothEnds.js';
import { toBothEndsReport } from '../../src/engine/bothEndsReport.js';
import { notAgreed } from '../../src/engine/deeper.js';
import { loadLibrary, type Library } from '../../src/engine/library.js';
import { openTarget, type OpenedTarget } from '../../src/engine/open.js';
import * as v from 'valibot';
import { formatFlow } from '../../src/core/bothEnds/flow.js';
import { BothEndsReport } from '../../src/protocol/bothEnds.js';
import { tcp, type FlowCase } from './flows/case.js';
import { TCP_CASES } from './flows/tcpCases.js';
import { UDP_CASES } from './flows/udpCases.js';
import { openCli } from './cli.js';
import { Lab, whyNot } from './lab.js';
import { Pool } from './pool.js';
import { run } from './processes.js';
import { startSshd } from '../ssh/sshd.js';

/** Two hosts are watched at once in each case. */
const pool = new Pool(2);
let library: Library;
let storage: string;

beforeAll(async () => {
  const why = await whyNot();
  if (why !== undefined) throw new Error(`The lab did not run, because ${why}`);
  await Lab.sweep();
  library = await loadLibrary(fileURLToPath(new URL('../../media/runbooks', import.meta.url)));
  storage = await mkdtemp(join(tmpdir(), 'dlab-keys-'));
});

afterAll(() => rm(storage, { recursive: true, force: true }));

function targetOf(text: string): Target {
  const parsed = parseTarget(text);
  if (parsed.kind === 'malformed') throw new Error(`${text} is no target`);
  return parsed.target;
}

/** The way to a namespace. */
type Way = (netns: string) => string;

const locally: Way = (netns) => `local:/netns/${netns}`;

function open(target: string): Promise<OpenedTarget> {
  const nobody = { hostKey: () => Promise.resolve(false), secret: () => Promise.resolve(undefined) };
  return openTarget(targetOf(target), { asker: nobody, storage, interactive: false, tools: [] });
}

/** Watches the flow of a case at both ends, with its load inside the window. */
async function verdictOf(one: FlowCase, toSender: Way = locally, toReceiver: Way = locally): Promise<BothEndsReport> {
  await using lab = new Lab();
  const scene = await one.setUp(lab);
  const [a, b] = await Promise.all([open(toReceiver(scene.receiver.netns)), open(toSender(scene.sender.netns))]);
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

const caseOf = (id: string): FlowCase => {
  const found = TCP_CASES.find((one) => one.id === id);
  if (found === undefined) throw new Error(`There is no case ${id}`);
  return found;
};

it('says the same when the receiver is reached over SSH', { timeout: 90_000 }, async () => {
  const sshd = await startSshd();
  const home = process.env['HOME'];
  process.env['HOME'] = sshd.home;
  try {
    for (const id of ['path', 'receiver-firewall-closed']) {
      const one = caseOf(id);
      const report = await verdictOf(one, locally, (netns) => `ssh://${sshd.alias}/netns/${netns}`);
      expect([report.verdict, report.place], report.summary).toEqual([one.verdict, one.place]);
    }
  } finally {
    if (home === undefined) delete process.env['HOME'];
    else process.env['HOME'] = home;
    await sshd.stop();
  }
});

describe('the command line, at both ends', () => {
  const both = async (a: string, b: string, ...more: readonly string[]) => {
    await using cli = await openCli();
    const targets = [`local:/netns/${a}`, '--peer', `local:/netns/${b}`];
    return await run([process.execPath, cli.file, 'diagnose', ...targets, '--seconds', '1', ...more], 30);
  };

  it('finds the flow that waits, whichever host is named first, and names the program that does not read', { timeout: 60_000 }, async () => {
    await using lab = new Lab();
    const { near, far, from, flow } = await tcp(lab);
    await near.host.agent().send(from, 64_000_000, 0.3);
    const { code, stdout, stderr } = await both(far.host.netns, near.host.netns, '--json');
    expect(code, stderr).toBe(1);
    const report = v.parse(BothEndsReport, JSON.parse(stdout));
    expect(report).toMatchObject({ flow: formatFlow(flow), verdict: 'loss', place: 'receiver-application', alternatives: [] });
    expect(report.ends.receiver.target).toBe(`local:/netns/${far.host.netns}`);
    const shown = await both(near.host.netns, far.host.netns, '--flow', formatFlow(flow));
    expect(shown.code).toBe(1);
    expect(shown.stdout).toContain(`${formatFlow(flow)}  →  in the receiver’s application`);
  });

  it('ends with 0 where nothing was lost, and with 2 where there is no such flow', { timeout: 60_000 }, async () => {
    await using lab = new Lab();
    const { near, far, flow } = await tcp(lab);
    const idle = await both(near.host.netns, far.host.netns, '--flow', formatFlow(flow));
    expect(idle.code, idle.stderr).toBe(0);
    expect(idle.stdout).toContain('Nothing was sent');
    const none = await both(near.host.netns, far.host.netns, '--flow', 'tcp 10.0.0.1:1 > 10.0.0.2:2');
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('Neither');
    const reversed = { ...flow, sender: flow.receiver, receiver: flow.sender };
    expect((await both(near.host.netns, far.host.netns, '--flow', formatFlow(reversed))).code).toBe(0);
  });

  it('follows a flow through address translation when it is told both names', { timeout: 60_000 }, async () => {
    await using lab = new Lab();
    const { near, far, router, outside } = await lab.routed();
    await router.nft(`table ip nat { chain p { type nat hook postrouting priority 100; oifname "${outside.dev}" masquerade; }; }`);
    const { socket: listener, port } = await far.host.agent().listen(8);
    const from = await near.host.agent().connected({ address: far.address, port });
    await far.host.agent().accept(listener);
    await near.host.agent().send(from, 64_000_000, 0.3);
    const [, own] = /:(\d+)\s+[\d.]+:\d+/.exec(await near.host.run('ss', '-tn', 'state', 'established', `( dport = :${port} )`)) ?? [];
    const [, seen] = /:\d+\s+[\d.]+:(\d+)/.exec(await far.host.run('ss', '-tn', 'state', 'established', `( sport = :${port} )`)) ?? [];
    const to = `${far.address}:${port}`;
    const flow = `tcp ${near.address}:${own} > ${to} as ${outside.address}:${seen} > ${to}`;
    const blind = await both(near.host.netns, far.host.netns, '--flow', `tcp ${near.address}:${own} > ${to}`);
    expect([blind.code, blind.stderr]).toEqual([2, expect.stringContaining('NAT')]);
    const { code, stdout, stderr } = await both(near.host.netns, far.host.netns, '--flow', flow, '--json');
    expect(code, stderr).toBe(1);
    expect(v.parse(BothEndsReport, JSON.parse(stdout))).toMatchObject({ flow, place: 'receiver-application' });
  });
});
