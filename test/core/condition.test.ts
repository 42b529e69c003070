import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConditionCompiler } from '../../src/core/diagnosis/condition.js';
import { scopeOf } from '../../src/core/diagnosis/scope.js';
import { observe } from '../../src/core/observe/window.js';
import { compileTemplate, render } from '../../src/core/runbook/template.js';
import { sample } from './support/samples.js';

const compiler = new ConditionCompiler();

const view = observe([
  sample(10, {
    netstat: { counters: { 'TcpExt.ListenOverflows': 5, 'TcpExt.ListenDrops': 5 } },
    sysctl: { gauges: { 'sysctl.net.ipv4.tcp_rmem.max': 6_291_456 }, texts: { 'sysctl.net.ipv4.tcp_rmem': '4096 131072 6291456', 'sysctl.net.core.default_qdisc': 'fq' } },
    ss_listen: { rows: [{ table: 'listener', key: 'tcp 0.0.0.0:80', labels: { process: 'nginx' }, gauges: { recv_q: 1, send_q: 4 } }] },
  }),
  sample(12, {
    netstat: { counters: { 'TcpExt.ListenOverflows': 9, 'TcpExt.ListenDrops': 11 } },
    sysctl: { gauges: { 'sysctl.net.ipv4.tcp_rmem.max': 6_291_456 }, texts: { 'sysctl.net.ipv4.tcp_rmem': '4096 131072 6291456', 'sysctl.net.core.default_qdisc': 'fq' } },
    ss_listen: { rows: [{ table: 'listener', key: 'tcp 0.0.0.0:80', labels: { process: 'nginx' }, gauges: { recv_q: 5, send_q: 4 } }] },
  }),
]);
const window = scopeOf(view);
const listener = view.rows.get('listener')?.get('tcp 0.0.0.0:80');
if (listener === undefined) throw new Error('the sample has a listener');

function evaluate(source: string): unknown {
  const compiled = compiler.compile(source, true);
  if (!compiled.ok) throw new Error(compiled.problem.message);
  const outcome = compiled.condition.evaluate(window, listener);
  return outcome.kind === 'value' ? outcome.value : outcome.kind;
}

describe('conditions', () => {
  test.each([
    ['delta.TcpExt.ListenOverflows > 0', true],
    ['delta.TcpExt.ListenDrops - delta.TcpExt.ListenOverflows == 2.0', true],
    ['rate.TcpExt.ListenOverflows', 2],
    ['now.TcpExt.ListenDrops', 11],
    ['now.sysctl.net.ipv4.tcp_rmem.max / 2 > 3000000', true],
    ['now.sysctl.net.core.default_qdisc == "fq"', true],
    ['it.max.recv_q > it.now.send_q && it.min.recv_q < 2', true],
    ['it.process == "nginx" && it.name == "tcp 0.0.0.0:80"', true],
    ['rows.listener.exists(l, l.now.recv_q * 2 > 9)', true],
    ['size(rows.qdisc) == 0', true],
    ['seconds * 2', 4],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toBe(expected);
  });

  test('what a host does not have leaves a condition undecided, unless the rest decides it', () => {
    expect(evaluate('delta.TcpExt.TCPRcvQDrop > 0')).toBe('undecided');
    expect(evaluate('delta.TcpExt.TCPRcvQDrop > 0 || delta.TcpExt.ListenOverflows > 0')).toBe(true);
    expect(evaluate('delta.TcpExt.TCPRcvQDrop > 0 && delta.TcpExt.ListenOverflows > 100')).toBe(false);
    expect(evaluate('has(now.TcpExt.TCPRcvQDrop)')).toBe(false);
    expect(evaluate('it.delta.nothing > 0')).toBe('undecided');
  });

  test('tells which names it looks up', () => {
    const compiled = compiler.compile('delta.TcpExt.A > 0 && it.now.x > it.process && rows.qdisc.exists(q, q.delta.d > 0) && now["softnet"].dropped > 1', true);
    expect(compiled.ok && compiled.condition.references).toEqual([
      { root: 'delta', path: 'TcpExt.A' },
      { root: 'it', view: 'now', name: 'x' },
      { root: 'it', view: 'label', name: 'process' },
      { root: 'rows', name: 'qdisc' },
      { root: 'now', path: 'softnet.dropped' },
    ]);
  });

  test.each([
    ['nope > 1', 0, 4],
    ['delta.TcpExt.A > 0 && unknown', 22, 29],
  ])('a mistake has a place: %s', (source, start, end) => {
    const compiled = compiler.compile(source, false);
    expect(compiled.ok ? undefined : compiled.problem).toMatchObject({ start, end });
  });

  test('definitions are evaluated where they are used, and what they miss leaves the whole undecided', () => {
    const known = new Map();
    for (const [name, source] of [['gap', 'delta.TcpExt.ListenDrops - delta.TcpExt.ListenOverflows'], ['lost', 'delta.TcpExt.Nothing']] as const) {
      const compiled = compiler.compile(source, true);
      if (!compiled.ok) throw new Error(compiled.problem.message);
      known.set(name, compiled.condition);
    }
    const outcome = (source: string) => {
      const compiled = compiler.compile(source, true, known);
      return compiled.ok ? compiled.condition.evaluate(window, listener) : compiled.problem;
    };
    expect(outcome('def.gap * 2 > 3')).toEqual({ kind: 'value', value: true });
    expect(outcome('def.lost > 0')).toEqual({ kind: 'undecided' });
    expect(outcome('def.lost > 0 || def.gap > 1')).toEqual({ kind: 'value', value: true });
  });

  test('a condition about the host cannot name a row', () => {
    expect(compiler.compile('it.now.recv_q > 1', false).ok).toBe(false);
  });

  test('names from a host never reach an object’s own machinery', () => {
    const counters = { 'TcpExt.__proto__': 1, 'TcpExt.constructor': 2, '__proto__.polluted': 3 };
    const hostile = scopeOf(observe([sample(1, { netstat: { counters } }), sample(2, { netstat: { counters } })]));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const compiled = compiler.compile('now.TcpExt.toString == 1', false);
    expect(compiled.ok && compiled.condition.evaluate(hostile).kind).toBe('undecided');
  });

  test('any text compiles or is refused with a place inside it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (source) => {
        const compiled = compiler.compile(source, true);
        if (compiled.ok) {
          expect(['value', 'undecided', 'error']).toContain(compiled.condition.evaluate(window, listener).kind);
        } else {
          expect(compiled.problem.start).toBeGreaterThanOrEqual(0);
          expect(compiled.problem.message).not.toContain('\n');
        }
      }),
      { seed: 20_260, numRuns: 2_000 },
    );
  });
});

describe('sentences', () => {
  test('holes are filled, what is missing shows as a question mark', () => {
    const { template, problems } = compileTemplate('{it.process} holds {it.now.recv_q} of {it.now.send_q}, {rate.TcpExt.ListenOverflows / 3}/s, {now.TcpExt.Nothing}', compiler, true);
    expect(problems).toEqual([]);
    expect(render(template, window, listener)).toBe('nginx holds 5 of 4, 0.67/s, ?');
  });

  test('a mistake inside a hole has its place in the sentence', () => {
    const { problems } = compileTemplate('a {nope} b', compiler, false);
    expect(problems).toMatchObject([{ start: 3, end: 7 }]);
  });
});
