import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localTransport } from '../../../src/collect/local.js';
import { openDeepLook } from '../../../src/collect/privileged/deepLook.js';
import { ConditionCompiler } from '../../../src/core/diagnosis/condition.js';
import { english, msg } from '../../../src/core/message.js';
import { createMarkdown } from '../../../src/core/runbook/markdown.js';
import { parseCause, type Cause } from '../../../src/core/runbook/cause.js';
import { notAgreed, openDeeper, rootWay, type Deeper } from '../../../src/engine/deeper.js';
import { openTarget, type OpenedTarget } from '../../../src/engine/open.js';
import { watchWindow, type Watched } from '../../../src/engine/watch.js';
import { requireRoot, run } from '../support.js';

const NETNS = `droplens-deeper-${process.pid}`;
const [COUNTED, UNCOUNTED, LEGACY] = [40_001, 40_002, 40_003];

const causeOf = (id: string, subject: string, loss: string, evidence: string): Cause => {
  const head = `kind: cause\nid: ${id}\ntitle: T\nlayer: netfilter\ndirection: rx\nsubject: ${subject}\nstep: protocol-drops\nloss: ${loss}\nevidence: [${evidence}]\nsummary: "{it.name}"`;
  const { cause, problems } = parseCause(`---\n${head}\n---\n# T\n`, new ConditionCompiler(), createMarkdown());
  if (cause === undefined) throw new Error(JSON.stringify(problems));
  return cause;
};

const CAUSES = [
  causeOf('by-rule', 'rule', 'it.verdict == "drop" && it.delta.packets > 0', 'it.packets'),
  causeOf('by-trace', 'drop', 'it.benign == "no" && it.reason == "NETFILTER_DROP" && it.delta.events >= 20', 'it.events'),
];

let opened: OpenedTarget;

beforeAll(async () => {
  requireRoot('looking deeper');
  run('ip', 'netns', 'add', NETNS);
  run('ip', '-n', NETNS, 'link', 'set', 'lo', 'up');
  run('ip', 'netns', 'exec', NETNS, 'nft', `table inet t { chain c { type filter hook input priority 0; udp dport ${COUNTED} counter drop comment "told"; udp dport ${UNCOUNTED} drop; }; }`);
  run('ip', 'netns', 'exec', NETNS, 'iptables-legacy', '-A', 'INPUT', '-p', 'udp', '--dport', String(LEGACY), '-j', 'DROP');
  opened = await openTarget(
    { kind: 'local', namespace: { kind: 'netns', name: NETNS } },
    { asker: { hostKey: () => Promise.resolve(false), secret: () => Promise.resolve(undefined) }, storage: '/nonexistent', interactive: false, tools: [] },
  );
});

afterAll(async () => {
  await opened.close();
  run('ip', 'netns', 'del', NETNS);
});

function lose(port: number): void {
  run('ip', 'netns', 'exec', NETNS, 'bash', '-c', `for i in $(seq 30); do echo x >/dev/udp/127.0.0.1/${port}; done`);
}

/** Watches the namespace, and loses datagrams right after the beginning was read. */
async function watch(deeper: Deeper, ...ports: readonly number[]): Promise<Watched> {
  try {
    let begun = false;
    const progress = (): void => {
      if (!begun) ports.forEach(lose);
      begun = true;
    };
    return await watchWindow(opened.session, CAUSES, 0.5, progress, undefined, deeper);
  } finally {
    await deeper.close();
  }
}

describe('with consent', () => {
  it('names the rule that drops, in nftables and in the old iptables, and the function in the kernel', async () => {
    const { diagnosis } = await watch(await openDeeper(opened, rootWay(opened), 0.5), COUNTED, LEGACY);
    const found = diagnosis.findings.map(({ cause, subject, evidence }) => [cause, subject.name, (evidence[0]?.delta ?? 0) >= 30]);
    expect(found).toContainEqual(['by-rule', 'nft inet t c #2', true]);
    expect(found).toContainEqual(['by-rule', 'iptables-legacy filter INPUT 1', true]);
    expect(found).toContainEqual(['by-trace', 'NETFILTER_DROP@nft_do_chain', true]);
    const trace = diagnosis.findings.find(({ cause }) => cause === 'by-trace');
    expect(trace?.summary).toMatch(/whole host/);
  });

  it('a rule without a counter is listed as one that cannot be counted', async () => {
    const { diagnosis } = await watch(await openDeeper(opened, rootWay(opened), 0.5), UNCOUNTED);
    expect(diagnosis.findings.filter(({ cause }) => cause === 'by-rule')).toEqual([]);
    expect(diagnosis.notChecked.map(({ why }) => english(why)).join('\n')).toContain(`nft inet t c #3: udp dport ${UNCOUNTED} drop`);
  });

  it('a rule that is put in another’s place in between is not compared with it', async () => {
    const deeper = await openDeepLook({ transport: opened.transport, entry: opened.entry, way: { kind: 'root' }, host: 'here', seconds: 1 });
    try {
      await deeper.begin();
      lose(LEGACY);
      run('ip', 'netns', 'exec', NETNS, 'iptables-legacy', '-I', 'INPUT', '1', '-p', 'udp', '--dport', '9', '-j', 'DROP');
      const firewall = (await deeper.end()).get('firewall');
      const rows = firewall?.state === 'ok' ? firewall.facts.rows.filter(({ key }) => key.startsWith('iptables-legacy filter INPUT ')) : [];
      expect(rows.map(({ key, counters }) => [key, counters.size])).toEqual([['iptables-legacy filter INPUT 1', 0], ['iptables-legacy filter INPUT 2', 2]]);
    } finally {
      await deeper.close();
      run('ip', 'netns', 'exec', NETNS, 'iptables-legacy', '-D', 'INPUT', '1');
    }
  });
});

it('without consent nothing is read as root, and one line says what it would add', async () => {
  const { diagnosis, samples } = await watch(notAgreed(msg('how')), COUNTED);
  expect(diagnosis.findings).toEqual([]);
  const lines = diagnosis.notChecked.filter(({ how }) => how !== undefined && english(how) === 'how');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.causes).toEqual(['by-rule', 'by-trace']);
  expect(samples[0]?.readings.get('firewall')?.state).toBe('unreadable');
});

it('a host on which root cannot be had rejects with a sentence', async () => {
  const transport = localTransport({ platform: 'linux', env: { PATH: '/nonexistent' }, exists: () => true });
  const outcome = openDeepLook({ transport, entry: { prefix: [], inNamespace: false }, way: { kind: 'sudo' }, host: 'here', seconds: 1 });
  await expect(outcome).rejects.toThrow(/could not be started/);
  await transport.dispose();
});
