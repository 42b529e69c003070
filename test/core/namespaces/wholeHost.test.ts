import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/diagnosis/diagnose.js';
import type { Evidence, Finding } from '../../../src/core/diagnosis/types.js';
import { english } from '../../../src/core/message.js';
import { isOfWholeHost, isTableOfWholeHost, marked, WHOLE_HOST_NOTE } from '../../../src/core/namespaces/wholeHost.js';
import { derive } from '../../../src/core/observe/derive.js';
import { observe } from '../../../src/core/observe/window.js';
import { SIGNALS } from '../../../src/core/signals/catalogue.js';
import { loadLibrary, type Library } from '../../../src/engine/library.js';
import { treeNodes } from '../../../src/server/view/tree.js';
import { stepState } from '../../../src/server/view/steps.js';
import { sample, type FactsSpec } from '../support/samples.js';

let library: Library;

beforeAll(async () => {
  library = await loadLibrary(fileURLToPath(new URL('../../../media/runbooks', import.meta.url)));
});

const entry = (signal: string, delta: number): Evidence => ({ signal, before: 0, after: delta, delta });
const finding = (...evidence: readonly Evidence[]): Finding => ({ summary: 'Packets were dropped.', evidence }) as unknown as Finding;

describe('whose a signal is', () => {
  it('follows the kernel, for every signal of the catalogue', () => {
    const shared = SIGNALS.map(({ id }) => id).filter(isOfWholeHost);
    for (const id of [
      'softnet.dropped', 'softnet.time_squeeze', 'rt_cache.in_martian_src', 'sockstat.TCP.mem', 'sockstat.TCP.orphan', 'sockstat.UDP.mem',
      'nf_conntrack.max', 'arp_cache.table_fulls', 'sysctl.net.ipv4.tcp_mem.max', 'sysctl.net.core.rmem_max', 'sysctl.net.core.netdev_max_backlog',
      'sysctl.net.ipv4.neigh.default.gc_thresh3', 'sysctl.net.core.default_qdisc', 'sysctl.net.ipv4.tcp_max_orphans',
    ]) {
      expect(shared).toContain(id);
    }
    for (const id of [
      'TcpExt.ListenOverflows', 'Ip.OutNoRoutes', 'Udp.RcvbufErrors', 'nf_conntrack.count', 'nf_conntrack.drop', 'sockstat.TCP.tw', 'sockstat.TCP.inuse',
      'sysctl.net.core.somaxconn', 'sysctl.net.ipv4.tcp_rmem.max', 'sysctl.net.ipv4.tcp_max_syn_backlog', 'xfrm.XfrmInNoStates',
    ]) {
      expect(shared).not.toContain(id);
    }
    expect([isOfWholeHost('cpu.dropped'), isOfWholeHost('files.open'), isOfWholeHost('vmstat.oom_kill'), isOfWholeHost('interface.rx_dropped')]).toEqual([true, true, true, false]);
    expect([isTableOfWholeHost('cpu'), isTableOfWholeHost('drop'), isTableOfWholeHost('listener')]).toEqual([true, true, false]);
  });
});

describe('a finding in a namespace', () => {
  const isMarked = (...evidence: readonly Evidence[]): boolean => marked(finding(...evidence)).wholeHost === true;

  it('is the host’s when nothing of the namespace’s own moved', () => {
    expect(isMarked(entry('cpu.dropped', 9), entry('sysctl.net.core.netdev_max_backlog', 0))).toBe(true);
    expect(isMarked(entry('vmstat.oom_kill', 1), entry('TcpExt.TCPAbortOnClose', 0))).toBe(true);
    expect(isMarked(entry('files.open', 0), entry('files.max', 0))).toBe(true);
    expect(marked(finding(entry('cpu.dropped', 9)))).toMatchObject({
      summary: `Packets were dropped. (${english(WHOLE_HOST_NOTE)})`,
      evidence: [{ signal: 'cpu.dropped', wholeHost: true }],
    });
  });

  it('is its own when its own counters moved, whatever ceiling stands beside', () => {
    expect(isMarked(entry('nf_conntrack.drop', 3), entry('nf_conntrack.count', 3), entry('nf_conntrack.max', 0))).toBe(false);
    expect(isMarked(entry('rt_cache.in_martian_src', 5), entry('Ip.InReceives', 9))).toBe(false);
    expect(isMarked(entry('nf_conntrack.count', 0), entry('nf_conntrack.max', 0))).toBe(false);
    expect(isMarked()).toBe(false);
  });

  it('is the host’s when the kernel does not tell where: drops and kernel messages', () => {
    expect(isMarked(entry('drop.events', 5), entry('TcpExt.ListenDrops', 5))).toBe(true);
    expect(isMarked(entry('dmesg.oom', 1))).toBe(true);
  });
});

describe('what is seen from inside a namespace', () => {
  const facts = (at: number): Readonly<Record<string, FactsSpec>> => ({
    softnet: {
      counters: { 'softnet.dropped': at * 100, 'softnet.processed': at * 1000, 'softnet.time_squeeze': 0 },
      rows: [{ table: 'cpu', key: '0', counters: { dropped: at * 100, processed: at * 1000, time_squeeze: 0 } }],
    },
    netstat: { counters: { 'TcpExt.ListenOverflows': at * 10, 'TcpExt.ListenDrops': at * 10 } },
    'sysctl.net.core.netdev_max_backlog': { gauges: { 'sysctl.net.core.netdev_max_backlog': 1000 } },
    sockstat: { gauges: { 'sockstat.TCP.mem': 5, 'sockstat.TCP.tw': 5 } },
  });
  const view = (inNamespace: boolean) => derive(observe([0, 3].map((at) => ({ ...sample(at, facts(at)), inNamespace }))));

  it('the neighbours’ loss is marked, and comes after its own', () => {
    const inside = diagnose(view(true), library.causes).findings;
    const outside = diagnose(view(false), library.causes).findings;
    const backlog = inside.find(({ cause }) => cause === 'softnet-backlog');
    expect(backlog).toMatchObject({ severity: 'loss', wholeHost: true, summary: expect.stringContaining('whole host') });
    expect(outside.find(({ cause }) => cause === 'softnet-backlog')).not.toHaveProperty('wholeHost');
    const losses = inside.filter(({ severity }) => severity === 'loss').map(({ wholeHost }) => wholeHost === true);
    expect(losses).toContain(false);
    expect(losses).toEqual([...losses].sort());
  });

  it('the neighbours’ loss does not silence its own', () => {
    const spec = (at: number): Readonly<Record<string, FactsSpec>> => ({
      ...facts(at),
      snmp: { counters: { 'Ip.OutNoRoutes': 0 } },
      sysfs: { rows: [{ table: 'interface', key: 'eth0', counters: { rx_dropped: at * 20 }, gauges: { mtu: 1500 } }] },
    });
    const said = (inNamespace: boolean, explains: readonly string[]) => {
      const seen = derive(observe([0, 3].map((at) => ({ ...sample(at, spec(at)), inNamespace }))));
      const causes = library.causes.flatMap((cause) =>
        cause.id === 'softnet-backlog' ? [{ ...cause, explains }] : cause.id === 'app-accept-too-slow' || cause.id === 'tcp-listendrop-other' ? [cause] : [],
      );
      return diagnose(seen, causes).findings.filter(({ severity }) => severity === 'loss').map(({ cause }) => cause);
    };
    const [own] = said(true, []).filter((cause) => cause !== 'softnet-backlog');
    expect(own).toBeDefined();
    expect(said(true, [own ?? ''])).toContain(own);
    expect(said(false, [own ?? ''])).toEqual(['softnet-backlog']);
  });

  it('tree and runbook say which values are the whole host’s', () => {
    const shown = (inNamespace: boolean) => {
      const seen = view(inNamespace);
      const diagnosis = diagnose(seen, library.causes);
      const host = { name: 'web-1', kernel: '6.1', bootId: '', uid: 0, tools: new Set<string>() };
      const nodes = treeNodes({ view: seen, diagnosis, host, backend: undefined, causes: library.causes, title: 'web', translate: english });
      const step = stepState({ id: 'protocol-drops', show: ['cpu', 'softnet.dropped', 'TcpExt.ListenOverflows'] }, { view: seen, diagnosis, causes: library.causes, translate: english });
      return { nodes: new Map(nodes.map((node) => [node.id, node])), step };
    };
    const inside = shown(true);
    for (const id of ['signal/softnet.dropped', 'signal/sockstat.TCP.mem', 'group/cpu']) {
      expect([id, inside.nodes.get(id)?.description]).toEqual([id, expect.stringMatching(/ · whole host$/)]);
      expect(inside.nodes.get(id)?.tooltip).toContain(english(WHOLE_HOST_NOTE));
    }
    expect(inside.nodes.get('row/cpu/0')?.tooltip).toContain(english(WHOLE_HOST_NOTE));
    expect(inside.nodes.get('signal/TcpExt.ListenOverflows')?.description).not.toContain('whole host');
    expect(inside.step.tables.map(({ caption }) => caption)).toEqual(['Softnet per CPU · whole host', 'Counters']);
    expect(inside.step.tables[1]?.rows.map(({ cells }) => cells.at(-1)?.includes('whole host'))).toEqual([true, false]);
    const outside = shown(false);
    expect([...outside.nodes.values()].filter(({ description, tooltip }) => /whole host/.test(description + tooltip))).toEqual([]);
  });
});
