import { describe, expect, test } from 'vitest';
import { ConditionCompiler } from '../../src/core/diagnosis/condition.js';
import { diagnose } from '../../src/core/diagnosis/diagnose.js';
import { english } from '../../src/core/message.js';
import { derive } from '../../src/core/observe/derive.js';
import { observe } from '../../src/core/observe/window.js';
import { parseCause, type Cause } from '../../src/core/runbook/cause.js';
import { createMarkdown } from '../../src/core/runbook/markdown.js';
import type { Reading, Sample } from '../../src/core/sample.js';
import { sample, unreadable, type FactsSpec } from './support/samples.js';

const compiler = new ConditionCompiler();
const markdown = createMarkdown();

function cause(id: string, keys: string): Cause {
  const file = `---\nkind: cause\nid: ${id}\ntitle: ${id}\nlayer: transport\ndirection: rx\nstep: accept-queue\n${keys}\n---\n# ${id}\n`;
  const parsed = parseCause(file, compiler, markdown);
  if (!parsed.cause || parsed.problems.length > 0) throw new Error(parsed.problems.map((problem) => problem.message).join());
  return parsed.cause;
}

const judge = (samples: readonly Sample[], causes: readonly Cause[]) => diagnose(derive(observe(samples)), causes);

const specific = cause(
  'specific',
  'subject: listener\nloss: it.max.recv_q > it.now.send_q && delta.TcpExt.ListenOverflows > 0\nrisk: it.now.recv_q > it.now.send_q * 0.8\nrate: delta.TcpExt.ListenOverflows\nunit: connections/s\nevidence: [TcpExt.ListenOverflows, it.recv_q]\nexplains: [generic]\nsummary: "{it.local} is full"\nrisk_summary: "{it.local} is nearly full"\nhistory: now.TcpExt.ListenOverflows > 0\nhistory_summary: earlier\notherwise: delta.TcpExt.ListenOverflows > 0\notherwise_summary: some listener was full',
);
const generic = cause('generic', 'loss: delta.TcpExt.ListenDrops > 0\nrate: delta.TcpExt.ListenDrops\nunit: packets/s\nsummary: something was dropped');
const benign = cause('benign', 'harmless: delta.TcpExt.Noise > 0\nsummary: noise');

const at = (time: number, overflows: number, queue: number, limit = 4, drops = overflows): Sample =>
  sample(time, {
    netstat: { counters: { 'TcpExt.ListenOverflows': overflows, 'TcpExt.ListenDrops': drops, 'TcpExt.Noise': 0 } },
    ss_listen: { rows: [{ table: 'listener', key: 'tcp 0.0.0.0:80', labels: { local: '0.0.0.0:80', process: 'nginx' }, gauges: { recv_q: queue, send_q: limit } }] },
  });

describe('a diagnosis', () => {
  test('names the subject, its evidence and its rate, and silences what it explains', () => {
    const result = judge([at(0, 10, 5), at(2, 30, 5)], [generic, specific]);
    expect(result.verdict).toBe('loss');
    expect(result.findings).toHaveLength(1);
    expect(result.findings[0]).toMatchObject({
      cause: 'specific',
      severity: 'loss',
      subject: { kind: 'socket', name: '0.0.0.0:80', process: 'nginx' },
      rate: 10,
      unit: 'connections/s',
      summary: '0.0.0.0:80 is full',
      evidence: [
        { signal: 'TcpExt.ListenOverflows', before: 10, after: 30, delta: 20 },
        { signal: 'listener.recv_q', before: 5, after: 5, delta: 0 },
      ],
    });
  });

  test('falls back to the host when no row can be named', () => {
    const [finding, ...rest] = judge([at(0, 10, 0), at(2, 12, 0)], [generic, specific]).findings;
    expect(finding).toMatchObject({ cause: 'specific', severity: 'loss', subject: { kind: 'host' }, summary: 'some listener was full' });
    expect(rest).toEqual([]);
  });

  test('a total since boot is history and not an alarm', () => {
    const result = judge([at(0, 4343, 0), at(2, 4343, 0)], [generic, specific]);
    expect(result.verdict).toBe('clean');
    expect(result.findings).toMatchObject([{ cause: 'specific', severity: 'history', summary: 'earlier', rate: 0 }]);
  });

  test('a limit that is nearly reached is a risk', () => {
    const result = judge([at(0, 0, 4), at(2, 0, 4)], [generic, specific]);
    expect(result).toMatchObject({ verdict: 'risk', findings: [{ severity: 'risk', summary: '0.0.0.0:80 is nearly full' }] });
  });

  test('findings are ordered: loss, risk, harmless, history', () => {
    const noisy = (time: number, noise: number) =>
      sample(time, { netstat: { counters: { 'TcpExt.ListenOverflows': 3, 'TcpExt.ListenDrops': 3 + noise, 'TcpExt.Noise': noise } }, ss_listen: { rows: [] } });
    const result = judge([noisy(0, 0), noisy(2, 5)], [benign, specific, generic]);
    expect(result.findings.map((finding) => [finding.cause, finding.severity])).toEqual([
      ['generic', 'loss'],
      ['benign', 'harmless'],
      ['specific', 'history'],
    ]);
  });

  test('what cannot be read is never taken for healthy', () => {
    const blind = (time: number) => sample(time, { netstat: { counters: { 'TcpExt.ListenOverflows': 1, 'TcpExt.ListenDrops': 1, 'TcpExt.Noise': 0 } }, ss_listen: unreadable('no-tool', 'ss is not installed') });
    const result = judge([blind(0), blind(2)], [specific]);
    expect(result.verdict).toBe('incomplete');
    expect(result.notChecked.map((entry) => [english(entry.what), english(entry.why), entry.causes])).toEqual([
      ['TCP listeners (ss -lnt)', 'ss is not installed', ['specific']],
    ]);
  });

  test('a counter that this kernel lacks is named', () => {
    const old = cause('old', 'loss: delta.TcpExt.TCPRcvQDrop > 0\nsummary: x');
    const [entry] = judge([at(0, 0, 0), at(2, 0, 0)], [old]).notChecked;
    expect(entry && [english(entry.what), english(entry.why), entry.causes]).toEqual(['TcpExt.TCPRcvQDrop', 'this kernel does not have it', ['old']]);
  });

  test('a feature that is not in use leaves nothing open', () => {
    const conntrack = cause('ct', 'loss: delta.nf_conntrack.drop > 0\nsummary: x');
    const without = (time: number) => sample(time, { conntrack_stat: unreadable('absent') });
    expect(judge([without(0), without(2)], [conntrack])).toMatchObject({ verdict: 'clean', notChecked: [] });
  });

  test('the same input gives the same order, whatever the order of the causes', () => {
    const samples = [at(0, 10, 5, 4, 10), at(2, 30, 5, 4, 40)];
    expect(judge(samples, [generic, specific, benign])).toEqual(judge(samples, [benign, specific, generic]));
  });
});

describe('text that was understood in part', () => {
  const broken = (time: number): Sample => {
    const good = at(time, 0, 0);
    const reading = good.readings.get('ss_listen');
    if (reading?.state !== 'ok') throw new Error('the sample has listeners');
    const rows = reading.facts.rows.map((row) => ({ ...row, gauges: new Map([['recv_q', 9]]) }));
    const facts = { ...reading.facts, rows, problems: ['line 2 has no limit'], counters: new Map(), gauges: new Map(), texts: new Map() };
    return { ...good, readings: new Map(good.readings).set('ss_listen', { state: 'ok', facts }) };
  };

  test('leaves open what depends on the missing part, and nothing else', () => {
    const result = judge([broken(0), broken(2)], [specific, generic]);
    expect(result.verdict).toBe('incomplete');
    expect(result.findings).toEqual([]);
    expect(result.notChecked.map((entry) => [english(entry.why), entry.causes])).toEqual([
      ['a part could not be understood: line 2 has no limit', ['specific']],
    ]);
  });
});

describe('a cause silences another', () => {
  const netem = cause('netem', 'subject: qdisc\nloss: it.kind == "netem" && it.delta.dropped > 0\nrate: it.delta.dropped\nunit: packets/s\nexplains: [overlimit, interface-drop, out-discards]\nsummary: "{it.dev}"');
  const overlimit = cause('overlimit', 'subject: qdisc\nloss: it.delta.dropped > 0\nrate: it.delta.dropped\nunit: packets/s\nsummary: "{it.dev}"');
  const interfaceDrop = cause('interface-drop', 'subject: interface\nloss: it.delta.tx_dropped > 0\nrate: it.delta.tx_dropped\nunit: packets/s\nsummary: "{it.name}"');
  const discards = cause('out-discards', 'loss: delta.Ip.OutDiscards > 0\nsummary: discards');
  const queues = (time: number, dropped: Readonly<Record<string, number>>): Sample =>
    sample(time, {
      snmp: { counters: { 'Ip.OutDiscards': Object.values(dropped).reduce((a, b) => a + b, 0) } },
      tc_qdisc: {
        rows: Object.entries(dropped).map(([dev, count]) => ({ table: 'qdisc' as const, key: `${dev} root`, labels: { dev, kind: dev === 'eth0' ? 'netem' : 'pfifo' }, counters: { dropped: count } })),
      },
      sysfs: { rows: Object.entries(dropped).map(([key, count]) => ({ table: 'interface' as const, key, counters: { tx_dropped: count } })) },
    });
  const named = (result: ReturnType<typeof judge>) => result.findings.map(({ cause: id, subject }) => `${id} ${subject.name}`);

  test('for the same interface, and for the host', () => {
    const result = judge([queues(0, { eth0: 0 }), queues(2, { eth0: 50 })], [netem, overlimit, interfaceDrop, discards]);
    expect(named(result)).toEqual(['netem eth0 root']);
  });

  test('not for another interface: that loss has a cause of its own', () => {
    const result = judge([queues(0, { eth0: 0, eth1: 0 }), queues(2, { eth0: 50, eth1: 7 })], [netem, overlimit, interfaceDrop, discards]);
    expect(named(result)).toEqual(['netem eth0 root', 'interface-drop eth1', 'overlimit eth1 root']);
  });
});

describe('sources that are read at different times', () => {
  const ring = cause('ring', 'subject: nic\nloss: it.delta.rx_missed > 0\nrate: it.delta.rx_missed\nunit: packets/s\nsummary: "{it.name}"');
  const ethtool = (missed: number) => ({ ethtool: { rows: [{ table: 'nic' as const, key: 'eth0', counters: { rx_missed: missed } }] } });
  const quick = { netstat: { counters: {} } };

  test('a rate is over the time in which its own counter was watched', () => {
    const live = [sample(0, { ...quick, ...ethtool(0) }), ...[26, 27, 28, 29].map((at) => sample(at, quick)), sample(30, { ...quick, ...ethtool(60) }), sample(31, quick)];
    expect(diagnose(derive(observe(live, 5)), [ring]).findings).toMatchObject([{ rate: 2, unit: 'packets/s' }]);
  });

  test('what was read only once is said to be so, and not taken for healthy', () => {
    const [entry, ...rest] = judge([sample(0, { ...quick, ...ethtool(0) }), sample(2, quick)], [ring]).notChecked;
    expect(entry && [english(entry.what), english(entry.why), entry.causes]).toEqual([
      'driver counters and ring sizes (ethtool -S, -g)',
      'it was read only once while watching',
      ['ring'],
    ]);
    expect(rest).toEqual([]);
  });

  test('a source that was not due is not blamed on the kernel', () => {
    const limit = cause('limit', 'loss: now.sysctl.net.core.somaxconn < 128\nsummary: x');
    const [entry] = judge([sample(0, quick), sample(2, quick)], [limit]).notChecked;
    expect(entry && [english(entry.what), english(entry.why)]).toEqual(['sysctl.net.core.somaxconn', 'it was not read while watching']);
  });

  test('a row that is new in the window leaves nothing open', () => {
    const later = { ethtool: { rows: [...ethtool(0).ethtool.rows, { table: 'nic' as const, key: 'eth1', counters: { rx_missed: 5 } }] } };
    expect(judge([sample(0, ethtool(0)), sample(2, later)], [ring])).toMatchObject({ findings: [], notChecked: [] });
  });
});

test('a condition that is wrong for the values it meets is said to be so', () => {
  const wrong = cause('wrong', 'loss: now.sysctl.net.core.default_qdisc > 5\nsummary: x');
  const words = (time: number) => sample(time, { 'sysctl.net.core.default_qdisc': { texts: { 'sysctl.net.core.default_qdisc': 'fq' } } });
  const [entry] = judge([words(0), words(2)], [wrong]).notChecked;
  expect(entry && [english(entry.what), english(entry.why).split(':')[0], entry.causes]).toEqual([
    'now.sysctl.net.core.default_qdisc > 5',
    'the condition could not be evaluated',
    ['wrong'],
  ]);
});

test('a table that could not be read is not an empty one', () => {
  const either = cause('either', 'subject: interface\nloss: it.delta.rx_missed_errors > 0 || rows.nic.exists(n, n.name == it.name && n.delta.ring_overflow > 0)\nsummary: "{it.name}"');
  const at = (time: number, missed: number, nic: Reading | FactsSpec): Sample =>
    sample(time, { sysfs: { rows: [{ table: 'interface', key: 'eth0', counters: { rx_missed_errors: missed } }] }, ethtool: nic });
  const blind = unreadable('no-tool', 'ethtool is not installed');
  expect(judge([at(0, 0, { rows: [] }), at(2, 0, { rows: [] })], [either])).toMatchObject({ verdict: 'clean', notChecked: [] });
  expect(judge([at(0, 0, blind), at(2, 0, blind)], [either]).notChecked.map((entry) => [english(entry.why), entry.causes])).toEqual([['ethtool is not installed', ['either']]]);
  expect(judge([at(0, 0, blind), at(2, 4, blind)], [either])).toMatchObject({ verdict: 'loss', findings: [{ cause: 'either' }] });
});
