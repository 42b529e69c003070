import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FixOffer, PlanResult, type ChangeState } from '../../src/protocol/change.js';
import { RunbookDocument } from '../../src/protocol/runbook.js';
import { startServer, type TestServer } from '../server/client.js';
import { bundle, type Bundled } from '../support/bundle.js';
import { Lab, whyNot, type End } from './lab.js';

const runbooks = join(__dirname, '..', '..', 'media', 'runbooks');
const storage = mkdtempSync(join(tmpdir(), 'droplens-refused-'));
const lab = new Lab();
let built: Bundled;
let server: TestServer;
let near: End;
let target = '';

beforeAll(async () => {
  const why = await whyNot();
  if (why !== undefined) throw new Error(`The refusals were not tried, because ${why}`);
  ({ near } = await lab.pair());
  // What uses connection tracking makes its settings appear.
  await near.host.nft('table inet f { chain in { type filter hook input priority 0; ct state invalid counter; }; }');
  target = `local:/netns/${near.host.netns}`;
  built = await bundle('server/main.ts', 'server');
  server = await startServer(built.file, { runbooks, storage });
});

afterAll(async () => {
  await server.stop();
  built.remove();
  rmSync(storage, { recursive: true, force: true });
  await lab[Symbol.asyncDispose]();
});

const ask = async <S extends v.GenericSchema>(schema: S, method: string, params: unknown): Promise<v.InferOutput<S>> =>
  v.parse(schema, await server.rpc.sendRequest(`droplens/${method}`, params));

interface Wanted {
  readonly runbook: string;
  readonly fix: string;
  readonly row?: string;
  readonly values?: Readonly<Record<string, string>>;
  readonly hash?: string;
}

async function plan({ runbook, fix, row, values, hash }: Wanted): Promise<PlanResult> {
  const document = await ask(RunbookDocument, 'runbook/open', { target, runbook });
  return ask(PlanResult, 'fix/plan', { target, runbook, fix, hash: hash ?? document.hash, row: row ?? null, values: values ?? {} });
}

const Begun = v.object({ kind: v.literal('begun'), change: v.string() });

/** Applies a plan and waits for its end. */
async function apply(planned: PlanResult): Promise<ChangeState> {
  if (planned.kind !== 'plan') throw new Error(planned.why);
  const { change } = await ask(Begun, 'fix/apply', { target, plan: planned.plan.plan, seconds: 60 });
  return server.until<ChangeState>('droplens/change', (state) => state.change === change && state.phase.kind === 'over', 40);
}

const everything = (): Promise<string> => near.host.run('sysctl', '-a', '-r', '^net.(ipv4.(tcp|ip|icmp|conf)|netfilter.nf_conntrack_(expect|tcp))');

const TW = { runbook: 'tcp-timewait-overflow', fix: 'raise-tw-buckets' };

describe('refused with a reason, and nothing is changed', () => {
  it.each([
    ['shell metacharacters', { ...TW, values: { 0: '$(reboot)' } }, 'is a whole number'],
    ['a second command', { ...TW, values: { 0: '8; reboot' } }, 'is a whole number'],
    ['a number that is none', { ...TW, values: { 0: 'many' } }, 'is a whole number'],
    ['a number out of range', { ...TW, values: { 0: '9999999999999999' } }, 'too large'],
    ['a value that it has already', { runbook: 'icmp-echo-ignored', fix: 'answer-ping' }, 'is 0 already'],
    ['a fix that cannot help', { runbook: 'ct-timeout-too-short', fix: 'raise-established-timeout' }, 'longer than the two hours'],
    ['a document that has changed', { ...TW, hash: 'f'.repeat(64) }, 'has changed since it was shown'],
    ['a fix that the runbook does not have', { ...TW, fix: 'raise-everything' }, 'no fix called'],
    ['a row that is not there', { runbook: 'l2-mtu-mismatch', fix: 'set-mtu', row: '$(reboot)' }, 'is not there any more'],
    ['a setting of the machine inside a namespace', { runbook: 'softnet-backlog', fix: 'raise-netdev-backlog' }, 'No such file'],
  ])('%s', async (_name, wanted, why) => {
    const before = await everything();
    const planned = await plan(wanted);
    expect(planned.kind === 'refused' ? planned.why : 'a plan').toContain(why);
    expect(await everything()).toBe(before);
  });

  it.each([
    ['a sysctl that is read-only here', { runbook: 'ct-expect-full', fix: 'raise-expect-max' }, /Permission denied|Read-only/],
    ['a value that the kernel does not take', { ...TW, values: { 0: '99999999999' } }, /Invalid argument/],
  ])('%s: in the words of the kernel', async (_name, wanted, why) => {
    const before = await everything();
    const over = await apply(await plan(wanted));
    expect(over.phase).toMatchObject({ kind: 'over', outcome: 'failed', text: expect.stringMatching(why) as string });
    expect(await everything()).toBe(before);
  });

  it('an interface that is gone when the change begins, and a plan that is used twice', async () => {
    await near.host.run('ip', 'link', 'add', 'gone$(x)', 'type', 'bridge');
    const wanted = { runbook: 'l2-mtu-mismatch', fix: 'set-mtu', row: 'gone$(x)', values: { 0: '1400' } };
    // What is known of the host is older than the interface.
    await server.rpc.sendRequest('droplens/diagnose', { target, seconds: 1 });
    const planned = await plan(wanted);
    expect(planned).toMatchObject({ kind: 'plan' });
    await near.host.run('ip', 'link', 'del', 'gone$(x)');
    const over = await apply(planned);
    expect(over.phase).toMatchObject({ kind: 'over', outcome: 'failed', text: expect.stringContaining('could not be read') as string });
    if (planned.kind !== 'plan') throw new Error(planned.why);
    expect(await server.rpc.sendRequest('droplens/fix/apply', { target, plan: planned.plan.plan, seconds: 60 })).toMatchObject({ kind: 'refused', why: expect.stringContaining('too old') as string });
  });

  it('rules are read as root when they are offered, those that drop first', async () => {
    await near.host.nft('table inet zz { chain in { type filter hook input priority 0; tcp dport 1 accept; tcp dport 2 drop; }; }');
    const { hash } = await ask(RunbookDocument, 'runbook/open', { target, runbook: 'nf-drop-input' });
    const offer = await ask(FixOffer, 'fix/offer', { target, runbook: 'nf-drop-input', hash, fix: 'input-rule-off' });
    if (offer.kind !== 'offer') throw new Error(offer.why);
    expect(offer.rows?.[0]).toMatchObject({ row: 'nft inet zz in #3', detail: expect.stringContaining('drop') as string });
    const accept = await plan({ runbook: 'nf-drop-input', fix: 'input-rule-off', row: 'nft inet zz in #2' });
    expect(accept).toMatchObject({ kind: 'refused', why: expect.stringContaining('drops nothing by itself') as string });
  });
});
