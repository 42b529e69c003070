import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConditionCompiler, type Condition, type Reference } from '../../src/core/diagnosis/condition.js';
import { diagnose } from '../../src/core/diagnosis/diagnose.js';
import { ELSE } from '../../src/core/diagnosis/direct.js';
import { scopeOf } from '../../src/core/diagnosis/scope.js';
import { TABLES, type TableName } from '../../src/core/facts.js';
import type { CounterWindow, LevelWindow, RowWindow, WindowView } from '../../src/core/observe/window.js';
import { parseCause, type Cause } from '../../src/core/runbook/cause.js';
import { createMarkdown } from '../../src/core/runbook/markdown.js';
import { msg } from '../../src/core/message.js';
import type { SourceId } from '../../src/core/sources.js';

const direct = new ConditionCompiler();
const interpreted = new ConditionCompiler({ plain: 'interpreted' });

const folder = join(__dirname, '..', '..', 'media', 'runbooks', 'causes');
const texts = readdirSync(folder).filter((name) => name.endsWith('.md')).map((name) => readFileSync(join(folder, name), 'utf8'));
const causesWith = (compiler: ConditionCompiler): Cause[] => texts.flatMap((text) => parseCause(text, compiler, createMarkdown()).cause ?? []);
const causes = causesWith(direct);
const sameCauses = causesWith(interpreted);
const conditionsOf = (cause: Cause): Condition[] =>
  cause.rules.flatMap((rule) => [rule.condition, ...(rule.rate ? [rule.rate] : []), ...rule.summary.parts.filter((part) => typeof part !== 'string')]);

const number = fc.constantFrom(0, 0, 0, 1, 2, 7, 64, 1000, 65_536, 0.5);
const counter: fc.Arbitrary<CounterWindow> = fc
  .record({ after: number, delta: fc.option(number, { nil: undefined }), seconds: fc.constantFrom(0, 1, 5) })
  .map(({ after, delta, seconds }) => ({ before: 0, after, delta, seconds }));
const level: fc.Arbitrary<LevelWindow> = fc.record({ before: number, after: number, min: number, max: number });
const word = fc.constantFrom('', '0', '1', 'up', 'fq', 'tcp', 'nginx', 'cubic', '0.0.0.0:80');

/** Some of the names, each with a value. */
const some = <T>(names: readonly string[], value: fc.Arbitrary<T>): fc.Arbitrary<Map<string, T>> =>
  fc.array(fc.tuple(fc.constantFrom('no such name', ...names), value), { maxLength: 60 }).map((entries) => new Map(entries));

const references = causes.flatMap((cause) => conditionsOf(cause).flatMap((condition) => condition.references));
const names = (pick: (reference: Reference) => string | undefined): readonly string[] => [...new Set(references.flatMap((one) => pick(one) ?? []))];
const hostNames = names((one) => ('path' in one ? one.path : undefined));
const rowNames = [...names((one) => (one.root === 'it' && one.view !== 'label' ? one.name : undefined)), 'recv_q', 'drops', 'backlog'];
const labelNames = names((one) => (one.root === 'it' && one.view === 'label' ? one.name : undefined)).filter((name) => name !== 'name');

const row = (table: TableName): fc.Arbitrary<RowWindow> =>
  fc
    .record({ key: word, labels: some(labelNames, word), counters: some(rowNames, counter), levels: some(rowNames, level) })
    .map((values) => ({ table, ...values }));
const rows: fc.Arbitrary<Map<TableName, Map<string, RowWindow>>> = fc
  .tuple(...TABLES.map((table) => fc.array(row(table), { maxLength: 3 }).map((list) => [table, new Map(list.map((each) => [each.key, each]))] as const)))
  .map((tables) => new Map(tables.filter(([, list]) => list.size > 0)));
const failed = { state: 'unreadable', reason: 'failed', why: msg('failed'), how: undefined } as const;
const view: fc.Arbitrary<WindowView> = fc
  .record({
    counters: some(hostNames, counter),
    levels: some(hostNames, level),
    texts: some(hostNames, word),
    rows,
    unread: fc.subarray(['ss_listen', 'sysfs', 'tc_qdisc', 'proc_udp', 'ethtool'] as const),
    seconds: fc.constantFrom(0, 1, 5),
  })
  .map(({ unread, ...values }) => ({
    ...values,
    samples: 2,
    bootId: 'boot',
    readings: new Map<SourceId, number>(),
    unreadable: new Map<SourceId, typeof failed>(unread.map((source) => [source, failed])),

    partial: new Map<SourceId, string>(),
  }));

describe('conditions that read the window themselves', () => {
  test('hardly any of the shipped ones needs the interpreter', () => {
    const conditions = causes.flatMap((cause) => cause.rules.map((rule) => rule.condition));
    const windows = fc.sample(view, { seed: 40, numRuns: 20 });
    const outcomes = windows.flatMap((window) => {
      const it = [...(window.rows.get('interface')?.values() ?? [])][0];
      const scoped = scopeOf(window);
      return conditions.map((condition) => condition.direct(scoped, it));
    });
    // These windows hold words where hosts have numbers, which is the interpreter's to complain about.
    expect(outcomes.filter((value) => value !== ELSE).length).toBeGreaterThan(outcomes.length * 0.8);
  });

  test('come to the same as the interpreter, for every cause and whatever a host has', () => {
    fc.assert(
      fc.property(view, (window) => {
        expect(diagnose(window, causes)).toEqual(diagnose(window, sameCauses));
      }),
      { seed: 41, numRuns: 150 },
    );
  });

  test('come to the same as the interpreter, for any expression', () => {
    const name = fc.constantFrom('delta.a.b', 'rate.a.b', 'now.a.b', 'now.a.t', 'now.a.none', 'max.a.l', 'it.now.x', 'it.delta.x', 'it.text', 'it.name', 'it.none', 'seconds', 'now.a', 'delta.z', 'delta.z.y', 'now.a.t.u');
    const literal = fc.constantFrom('0', '1', '2.5', '"up"', 'true', 'false');
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        name,
        literal,
        fc.tuple(tie('expression'), fc.constantFrom('&&', '||', '==', '!=', '<', '>=', '+', '-', '*', '/'), tie('expression')).map(([a, op, b]) => `(${a} ${op} ${b})`),
        tie('expression').map((of) => `!(${of})`),
        name.map((of) => `has(${of})`),
        tie('expression').map((of) => `${of} in ["up", "fq"]`),
        fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        tie('expression').map((of) => `rows.listener.exists(r, r.now.x > 1 && ${of})`),
      ),
    }));
    const one = fc.record({ window: view, x: fc.option(counter, { nil: undefined }), a: fc.option(counter, { nil: undefined }), text: word });
    let compared = 0;
    fc.assert(
      fc.property(expression, one, (source, { window, x, a, text }) => {
        const [plain, other] = [direct.compile(source, true), interpreted.compile(source, true)];
        expect(plain.ok).toBe(other.ok);
        if (!plain.ok || !other.ok) return;
        const it: RowWindow = { table: 'listener', key: 'tcp 80', labels: new Map([['text', text]]), counters: new Map(x ? [['x', x]] : []), levels: new Map() };
        const scoped = scopeOf({
          ...window,
          counters: new Map(a ? [['a.b', a]] : []),
          levels: new Map([['a.l', { before: 0, after: 1, min: 0, max: 2 }]]),
          texts: new Map([['a.t', text]]),
          rows: new Map(window.unreadable.has('ss_listen') ? [] : [['listener', new Map([[it.key, it]])]]),
        });
        if (plain.condition.direct(scoped, it) !== ELSE) compared += 1;
        expect(plain.condition.evaluate(scoped, it)).toEqual(other.condition.evaluate(scoped, it));
      }),
      { seed: 42, numRuns: 4_000 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});
