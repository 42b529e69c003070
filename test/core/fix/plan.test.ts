import { describe, expect, test } from 'vitest';
import { ConditionCompiler } from '../../../src/core/diagnosis/condition.js';
import { planChange, settingsOf, type ChosenFix, type Planned } from '../../../src/core/fix/plan.js';
import { prove } from '../../../src/core/fix/proof.js';
import type { Current } from '../../../src/core/fix/types.js';
import { observe, type WindowView } from '../../../src/core/observe/window.js';
import { parseCause } from '../../../src/core/runbook/cause.js';
import { createMarkdown } from '../../../src/core/runbook/markdown.js';
import { sample, type RowSpec } from '../support/samples.js';

const markdown = createMarkdown();
const compiler = new ConditionCompiler();

function causeWith(fixes: readonly string[], subject = 'host') {
  const head = ['kind: cause', 'id: x', 'title: X', 'layer: link', 'direction: tx', 'step: qdisc', `subject: ${subject}`, 'loss: delta.Ip.OutDiscards > 0', 'summary: s', 'fixes:', ...fixes];
  return parseCause(['---', ...head, '---', ''].join('\n'), compiler, markdown);
}

const FIX = ['  - id: f', '    title: F', '    risk: changes', '    effect: e', '    watch: [Ip.OutDiscards]'];

function chosen(fixes: readonly string[], subject = 'host', view?: WindowView, key?: string): ChosenFix {
  const { cause, problems } = causeWith(fixes, subject);
  expect(problems).toEqual([]);
  const [fix] = cause?.fixes ?? [];
  if (fix === undefined) throw new Error('There is no fix');
  return { runbook: 'x', fix, row: fix.each === 'host' || key === undefined ? undefined : view?.rows.get(fix.each)?.get(key) };
}

function viewOf(gauges: Readonly<Record<string, number>> = {}, rows: readonly RowSpec[] = [], counters: readonly [number, number] = [0, 0]): WindowView {
  const at = (seconds: number, count: number) => sample(seconds, { snmp: { counters: { 'Ip.OutDiscards': count } }, test: { gauges, rows } });
  return observe([at(0, counters[0]), at(2, counters[1])]);
}

const current = (value: string, more: Partial<Current> = {}): Current => ({ value, state: value, ...more });
const why = (planned: Planned): string => (planned.kind === 'refused' ? `${planned.why.text} ${planned.why.args.join(' ')}` : 'plan');

describe('a plan', () => {
  const SOMAXCONN = [...FIX, '    set: sysctl net.core.somaxconn', '    value: "now.current < 4096.0 ? 4096.0 : now.current * 2.0"'];

  test('proposes from the value that the host has, and takes a person’s instead', () => {
    const view = viewOf();
    const fix = chosen(SOMAXCONN);
    expect(planChange(fix, view, [current('128')], new Map())).toMatchObject({ plan: { steps: [{ name: 'net.core.somaxconn', before: { value: '128' }, after: '4096' }] } });
    expect(planChange(fix, view, [current('8192')], new Map())).toMatchObject({ plan: { steps: [{ after: '16384' }] } });
    expect(planChange(fix, view, [current('128')], new Map([[0, ' 900 ']]))).toMatchObject({ plan: { steps: [{ after: '900' }] } });
  });

  test.each([
    ['128; reboot', 'is a whole number'],
    ['$(reboot)', 'is a whole number'],
    ['`id`', 'is a whole number'],
    ['ten', 'is a whole number'],
    ['', 'is a whole number'],
    ['9999999999999999', 'too large'],
    ['128', 'already'],
  ])('refuses %j, and says for which setting', (value, message) => {
    const planned = planChange(chosen(SOMAXCONN), viewOf(), [current('128')], new Map([[0, value]]));
    expect(why(planned)).toContain(message);
    expect(planned).toMatchObject({ kind: 'refused', setting: 0 });
  });

  test('a person is not asked where the runbook says so', () => {
    const planned = planChange(chosen([...SOMAXCONN, '    ask: no']), viewOf(), [current('128')], new Map([[0, '5']]));
    expect(planned).toMatchObject({ plan: { steps: [{ after: '4096' }] } });
  });

  test('several numbers of one file are set beside each other, and the line comes back as it was', () => {
    const fix = chosen([...FIX, '    set: sysctl net.ipv4.tcp_mem[0]', '    value: now.current * 2.0', '    also:', '      - {set: "sysctl net.ipv4.tcp_mem[1]", value: now.current * 2.0}', '      - {set: "sysctl net.ipv4.tcp_mem[2]", value: now.current * 2.0}']);
    const state = '10 20 30';
    const planned = planChange(fix, viewOf(), [current('10', { state }), current('20', { state }), current('30', { state })], new Map());
    if (planned.kind !== 'plan') throw new Error(why(planned));
    expect(planned.plan.steps.map(({ sets }) => sets)).toMatchObject([[{ text: '20 20 30' }], [{ text: '20 40 30' }], [{ text: '20 40 60' }]]);
    for (const { resets } of planned.plan.steps) expect(resets).toMatchObject([{ text: state }]);
  });

  test('where a fix cannot help, it says so: before anything is read, or by what was read', () => {
    const row: RowSpec = { table: 'listener', key: 'tcp 0.0.0.0:80', labels: { local: '0.0.0.0:80' }, gauges: { send_q: 5 } };
    const view = viewOf({}, [row]);
    const lines = [...SOMAXCONN, '    each: listener', '    unless: it.now.send_q < now.current', '    because: "{it.local} asked for {it.now.send_q} of {now.current}"'];
    const fix = chosen(lines, 'listener', view, 'tcp 0.0.0.0:80');
    expect(settingsOf(fix, view).kind).toBe('settings');
    expect(why(planChange(fix, view, [current('128')], new Map()))).toContain('0.0.0.0:80 asked for 5 of 128');
    expect(planChange(fix, view, [current('5')], new Map())).toMatchObject({ kind: 'plan' });
    const early = chosen([...SOMAXCONN, '    each: listener', '    unless: it.now.send_q < 9.0', '    because: "no"'], 'listener', view, 'tcp 0.0.0.0:80');
    expect(settingsOf(early, view)).toMatchObject({ kind: 'refused', why: { args: ['no'] } });
  });

  test('the largest value that the host names bounds the proposal', () => {
    const row: RowSpec = { table: 'interface', key: 'eth0' };
    const view = viewOf({}, [row]);
    const fix = chosen([...FIX, '    each: interface', '    set: ethtool {it.name} ring rx', '    value: "now.current * 2.0 > now.most ? now.most : now.current * 2.0"'], 'interface', view, 'eth0');
    expect(planChange(fix, view, [current('512', { most: 768 })], new Map())).toMatchObject({ plan: { steps: [{ after: '768' }] } });
    expect(why(planChange(fix, view, [current('512', { most: 768 })], new Map([[0, '769']])))).toContain('the driver allows no more');
    expect(why(planChange(fix, view, [current('768', { most: 768 })], new Map()))).toContain('already');
  });

  test('a row that is gone, and a name that no command can take, are refused', () => {
    const view = viewOf({}, [{ table: 'interface', key: '-x' }, { table: 'interface', key: 'a b' }]);
    const lines = [...FIX, '    each: interface', '    set: link {it.name} mtu', '    value: "1400"'];
    expect(settingsOf(chosen(lines, 'interface'), view)).toMatchObject({ kind: 'refused' });
    for (const key of ['-x', 'a b']) expect(settingsOf(chosen(lines, 'interface', view, key), view)).toMatchObject({ kind: 'refused' });
  });
});

describe('what is wrong with a fix', () => {
  test.each([
    ['an unknown address', [...FIX, '    set: registry net.core.somaxconn', '    value: "1"'], 'Not the address of a setting'],
    ['a counter that nobody counts', [...FIX.map((line) => line.replace('Ip.OutDiscards', 'Ip.Nothing')), '    set: sysctl net.core.somaxconn', '    value: "1"'], 'is called Ip.Nothing'],
    ['a counter of a row without one', [...FIX.map((line) => line.replace('Ip.OutDiscards', 'it.dropped')), '    set: sysctl net.core.somaxconn', '    value: "1"'], 'is called it.dropped'],
    ['nothing to watch', [...FIX.filter((line) => !line.includes('watch')), '    set: sysctl net.core.somaxconn', '    value: "1"'], 'what must stop moving'],
    ['an expression that is none', [...FIX, '    set: sysctl net.core.somaxconn', '    value: "1 +"'], 'Unexpected'],
    ['a row in a fix of the host', [...FIX, '    set: link {it.name} mtu', '    value: "1"'], 'Unknown variable: it'],
    ['"unless" without a reason', [...FIX, '    set: sysctl net.core.somaxconn', '    value: "1"', '    unless: now.current > 1.0'], '"because" is missing'],
    ['an unknown key', [...FIX, '    set: sysctl net.core.somaxconn', '    value: "1"', '    undo: x'], 'Unknown key "undo"'],
  ])('%s is reported', (_name, lines, message) => {
    const { problems } = causeWith(lines);
    expect(problems.map((problem) => problem.message).join('\n')).toContain(message);
    expect(problems.every(({ line }) => line >= 10)).toBe(true);
  });
});

describe('the proof', () => {
  const watching = (watch: string) => chosen([...FIX.map((line) => (line.includes('watch') ? `    watch: ${watch}` : line)), '    set: sysctl net.core.somaxconn', '    value: "1"']).fix.watch;

  test.each([
    [[0, 20], [20, 20], 'stopped'],
    [[0, 20], [20, 24], 'less'],
    [[0, 20], [20, 40], 'same'],
    [[20, 20], [20, 20], 'quiet'],
  ] as const)('a counter from %j to %j: %s', (before, after, verdict) => {
    const proof = prove(watching('[Ip.OutDiscards]'), undefined, viewOf({}, [], before), viewOf({}, [], after));
    expect(proof).toMatchObject({ verdict, lines: [{ before: (before[1] - before[0]) / 2, after: (after[1] - after[0]) / 2, level: false }] });
  });

  test('a level is compared as it stands, not divided by the time, and is cured below nothing', () => {
    const watch = watching('["level beyond nine tenths = now.ports.used - now.ports.size * 0.9"]');
    const before = viewOf({ 'ports.used': 38, 'ports.size': 40 });
    expect(prove(watch, undefined, before, viewOf({ 'ports.used': 38, 'ports.size': 50_000 }))).toMatchObject({ verdict: 'stopped', lines: [{ signal: 'beyond nine tenths', before: 2, after: 0, level: true }] });
    expect(prove(watch, undefined, before, before).verdict).toBe('same');
    expect(prove(watch, undefined, before, viewOf())).toMatchObject({ verdict: 'quiet', lines: [] });
  });
});
