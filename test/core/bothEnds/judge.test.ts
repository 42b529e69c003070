import { describe, expect, it } from 'vitest';
import { parseFlow, type Flow } from '../../../src/core/bothEnds/flow.js';
import { judgeFlow } from '../../../src/core/bothEnds/judge.js';
import type { FlowReading, Socket } from '../../../src/core/bothEnds/reading.js';
import type { EndLook } from '../../../src/core/bothEnds/types.js';
import type { Finding, NotChecked } from '../../../src/core/diagnosis/types.js';
import { english, msg } from '../../../src/core/message.js';
import { observe } from '../../../src/core/observe/window.js';
import { facts, sample } from '../support/samples.js';

function flowOf(text: string): Flow {
  const parsed = parseFlow(text);
  if (parsed.kind === 'malformed') throw new Error('malformed');
  return parsed.flow;
}

const TCP = flowOf('tcp 10.0.0.1:4000 > 10.0.0.2:80');
const UDP = flowOf('udp 10.0.0.1:4000 > 10.0.0.2:80');

interface Values {
  readonly counters?: Readonly<Record<string, number>>;
  readonly gauges?: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, string>>;
}

function socket(flow: Flow, end: 'sender' | 'receiver', { counters = {}, gauges = {}, labels = {} }: Values): Socket {
  const [local, peer] = end === 'sender' ? [flow.sender, flow.receiver] : [flow.receiver, flow.sender];
  const [row] = facts({ rows: [{ table: 'socket', key: 'x', labels, counters, gauges }] }).rows;
  if (row === undefined) throw new Error('a row was made');
  return { local, peer, row };
}

interface Spec {
  readonly socket?: Values | undefined;
  readonly host?: Readonly<Record<string, number>>;
  readonly findings?: readonly Finding[];
  readonly notChecked?: readonly NotChecked[];
  readonly seconds?: number;
  readonly udpSockets?: number;
  readonly dev?: string;
}

/** One end that began at zero. */
function look(flow: Flow, end: 'sender' | 'receiver', spec: Spec): EndLook {
  const { findings = [], notChecked = [], seconds = 3 } = spec;
  const reading = (at: number, sockets: readonly Socket[]): FlowReading => ({ begin: at, end: at, sockets, leftOut: 0, udpSockets: spec.udpSockets ?? 1, dev: spec.dev });
  const host = spec.host ?? {};
  const zeros = Object.fromEntries(Object.keys(host).map((name) => [name, 0]));
  const view = observe([sample(10, { snmp: { counters: zeros } }), sample(10 + seconds, { snmp: { counters: host } })]);
  return {
    host: end === 'sender' ? 'web' : 'db',
    view,
    diagnosis: { seconds, samples: 2, verdict: 'clean', findings, notChecked },
    readings: [reading(10, []), reading(10 + seconds, spec.socket === undefined ? [] : [socket(flow, end, spec.socket)])],
  };
}

const sent = (data: number, again = 0, more: Values = {}): Values => ({
  ...more,
  counters: { data_segs_out: data, retrans_total: again, dsack_dups: 0, bytes_acked: data * 1000, ...more.counters },
});
const arrived = (data: number, more: Values = {}): Values => ({ ...more, counters: { data_segs_in: data, bytes_received: data * 1000, drops: 0, ...more.counters } });

const finding = (more: Partial<Finding>): Finding => ({
  cause: 'nf-drop-input', title: 'A rule', layer: 'netfilter', direction: 'rx', severity: 'loss', subject: { kind: 'host', name: 'host' },
  rate: 10, unit: 'packets/s', evidence: [], summary: 'A rule dropped packets.', runbook: 'x', ...more,
});
const queue = (dev: string, rate: number): Finding =>
  finding({ cause: 'qdisc-overlimit', layer: 'link', direction: 'tx', subject: { kind: 'interface', name: dev }, rate, summary: 'The queue dropped.' });

const judge = (sender: Spec, receiver: Spec, flow = TCP) => {
  const verdict = judgeFlow(flow, look(flow, 'sender', sender), look(flow, 'receiver', receiver));
  return { ...verdict, text: english(verdict.summary), causes: verdict.findings.map(({ end, finding: { cause } }) => `${end} ${cause}`) };
};

describe('segments that did not arrive', () => {
  it('are lost on the path when neither host lost any', () => {
    expect(judge({ socket: sent(1000, 30) }, { socket: arrived(970) })).toMatchObject({ verdict: 'loss', place: 'path', causes: [] });
  });

  it('are lost on the host that dropped as many', () => {
    const [queued, ruled] = [queue('eth0', 10), finding({ rate: 10 })];
    expect(judge({ socket: sent(1000, 30), findings: [queued] }, { socket: arrived(970) })).toMatchObject({ place: 'sender-host', causes: ['sender qdisc-overlimit'] });
    expect(judge({ socket: sent(1000, 30) }, { socket: arrived(970), findings: [ruled] })).toMatchObject({ place: 'receiver-host', causes: ['receiver nf-drop-input'] });
  });

  it('are not decided when both hosts dropped enough, unless one clearly did', () => {
    const both = judge({ socket: sent(1000, 30), findings: [queue('eth0', 10)] }, { socket: arrived(970), findings: [finding({ rate: 10 })] });
    expect(both).toMatchObject({ verdict: 'unknown', place: 'unknown' });
    const host = { 'Tcp.OutSegs': 1000, 'Ip.OutRequests': 50 };
    const clear = judge({ socket: sent(1000, 30), findings: [queue('eth0', 10)], host }, { socket: arrived(970), findings: [finding({ rate: 0.7 })] });
    expect(clear.place).toBe('sender-host');
  });

  it('are not blamed on a host that dropped far fewer, or on an interface that does not carry the flow', () => {
    expect(judge({ socket: sent(1000, 300), findings: [queue('eth0', 1)] }, { socket: arrived(700) })).toMatchObject({ place: 'path', causes: ['sender qdisc-overlimit'] });
    expect(judge({ socket: sent(1000, 30), dev: 'eth1', findings: [queue('eth0', 10)] }, { socket: arrived(970) })).toMatchObject({ place: 'path', causes: [] });
    expect(judge({ socket: sent(1000, 30), dev: 'eth0.7', findings: [queue('eth0', 10)] }, { socket: arrived(970) }).place).toBe('sender-host');
  });

  it('are blamed on nobody while a host could not be read', () => {
    const notChecked = [{ what: msg('x'), why: msg('y'), how: undefined, essential: true, causes: [] }];
    const verdict = judge({ socket: sent(1000, 30) }, { socket: arrived(970), notChecked });
    expect(verdict).toMatchObject({ verdict: 'unknown', place: 'unknown' });
    expect(verdict.text).toContain('db');
  });

  it('are seen where IP received and did not deliver, or was given and did not transmit', () => {
    const into = { 'Ip.InReceives': 500, 'Ip.InDelivers': 470 };
    expect(judge({ socket: sent(1000, 30) }, { socket: arrived(970), host: into }).place).toBe('receiver-host');
    const out = { 'Ip.OutRequests': 500, 'Ip.OutTransmits': 470 };
    expect(judge({ socket: sent(1000, 30), host: out }, { socket: arrived(970) }).place).toBe('sender-host');
    // A handful that no counter names is found on any host, and does not account for hundreds.
    expect(judge({ socket: sent(1000, 300) }, { socket: arrived(700), host: { 'Ip.InReceives': 806, 'Ip.InDelivers': 800 } }).place).toBe('path');
  });

  it('are known by their repeats where a longer look at the receiver hides them', () => {
    const ongoing = judge({ socket: sent(30_000, 300) }, { socket: arrived(31_000), seconds: 3.3 });
    expect(ongoing).toMatchObject({ verdict: 'loss', place: 'path' });
    expect(ongoing.text).toContain('300 packets');
    expect(judge({ socket: sent(30_000, 300) }, { socket: arrived(29_900), seconds: 3.3 }).text).toContain('300 packets');
    expect(judge({ socket: sent(30_000, 300) }, { socket: arrived(29_900) }).text).toContain('100 packets');
  });
});

describe('segments that arrived', () => {
  it('and were thrown away by the socket are lost on the receiver', () => {
    const own = finding({ cause: 'tcp-rcvq-mem-drop', layer: 'transport' });
    expect(judge({ socket: sent(1000, 20) }, { socket: arrived(1000, { counters: { drops: 20 } }), findings: [own] })).toMatchObject({
      place: 'receiver-host',
      causes: ['receiver tcp-rcvq-mem-drop'],
    });
  });

  it('and are not read stop the sender', () => {
    const waiting = arrived(100, { gauges: { recv_q: 100_000, skmem_r: 110_000, skmem_rb: 120_000 } });
    const stopped = sent(100, 0, { gauges: { send_q: 50_000 }, labels: { timer: 'persist' } });
    expect(judge({ socket: stopped }, { socket: waiting })).toMatchObject({ verdict: 'loss', place: 'receiver-application' });
    // Something was read: slow is not stuck.
    const slow = arrived(100, { gauges: { recv_q: 60_000, skmem_r: 110_000, skmem_rb: 120_000 } });
    const held = sent(100, 0, { counters: { rwnd_limited_ms: 2_500 }, gauges: { send_q: 50_000 } });
    expect(judge({ socket: held }, { socket: slow })).toMatchObject({ verdict: 'clean', place: 'receiver-application' });
  });

  it('but are not acknowledged are lost on the way back', () => {
    const deaf = sent(15, 4, { counters: { bytes_acked: 0 }, gauges: { send_q: 15_000 } });
    expect(judge({ socket: deaf }, { socket: arrived(15) })).toMatchObject({ verdict: 'loss', place: 'path' });
    const out = finding({ cause: 'nf-drop-output', direction: 'tx' });
    expect(judge({ socket: deaf }, { socket: arrived(15), findings: [out] })).toMatchObject({ place: 'receiver-host', causes: ['receiver nf-drop-output'] });
    expect(judge({ socket: deaf, findings: [finding({})] }, { socket: arrived(15) }).place).toBe('sender-host');
  });

  it('and were sent again for nothing are no loss', () => {
    expect(judge({ socket: sent(1000, 2) }, { socket: arrived(1000) })).toMatchObject({ verdict: 'clean', place: 'none' });
    expect(judge({ socket: sent(1000, 20, { counters: { dsack_dups: 20 } }) }, { socket: arrived(1000) })).toMatchObject({ verdict: 'clean', place: 'none' });
  });
});

describe('a flow that says little', () => {
  it('was not written to', () => {
    expect(judge({ socket: sent(0) }, { socket: arrived(0) })).toMatchObject({ verdict: 'clean', place: 'sender-application' });
  });

  it('waits for an answer longer than one watched', () => {
    expect(judge({ socket: sent(0, 0, { gauges: { send_q: 900, rto: 9_000 } }) }, { socket: arrived(0) })).toMatchObject({ verdict: 'unknown', place: 'unknown' });
  });

  it('was closed, or is of a kernel that does not count', () => {
    const closed = judge({ socket: sent(9) }, {});
    expect([closed.verdict, closed.text.includes('db')]).toEqual(['unknown', true]);
    expect(judge({ socket: { counters: { retrans_total: 3 } } }, { socket: arrived(9) })).toMatchObject({ verdict: 'unknown', place: 'unknown' });
  });
});

describe('datagrams', () => {
  const quiet = { socket: {} };

  it('dropped at the socket are those of a program that does not read, or of a buffer too small', () => {
    const out = { socket: {}, host: { 'Udp.OutDatagrams': 50 } };
    const full = (waiting: number): Spec => ({ socket: { counters: { drops: 40 }, gauges: { recv_q: waiting, skmem_rb: 4608 } }, host: { 'Udp.RcvbufErrors': 40 } });
    expect(judge(out, full(4000), UDP).place).toBe('receiver-application');
    expect(judge(out, full(0), UDP).place).toBe('receiver-host');
  });

  it('are counted where the sender has one connected socket, and not decided where it has more', () => {
    const out = { socket: {}, host: { 'Udp.OutDatagrams': 50, 'Udp.SndbufErrors': 0 } };
    const into = { socket: { counters: { drops: 0 } }, host: { 'Udp.InDatagrams': 40, 'Udp.InErrors': 0, 'Udp.NoPorts': 0 } };
    expect(judge(out, into, UDP)).toMatchObject({ verdict: 'loss', place: 'path' });
    expect(judge({ ...out, udpSockets: 2 }, into, UDP)).toMatchObject({ verdict: 'unknown', place: 'unknown' });
    expect(judge({ ...out, udpSockets: 2, findings: [queue('eth0', 5)] }, into, UDP).place).toBe('sender-host');
    expect(judge(out, { ...into, host: { 'Udp.InDatagrams': 50 } }, UDP)).toMatchObject({ verdict: 'clean', place: 'none' });
    expect(judge(quiet, into, UDP)).toMatchObject({ verdict: 'clean', place: 'sender-application' });
  });

  it('refused by a queue of the sender never left it', () => {
    const out = { socket: {}, host: { 'Udp.OutDatagrams': 3, 'Udp.SndbufErrors': 47 }, findings: [queue('eth0', 15.7)] };
    expect(judge(out, { socket: { counters: { drops: 0 } } }, UDP)).toMatchObject({ place: 'sender-host', causes: ['sender qdisc-overlimit'] });
  });
});
