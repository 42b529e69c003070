import type { MarkdownIt } from 'markdown-it';
import type { Condition, ConditionCompiler } from '../diagnosis/condition.js';
import { TABLES, type TableName } from '../facts.js';
import { DIRECTIONS, LAYERS, SEVERITIES, type Direction, type Layer, type Severity } from '../layers.js';
import { parseFixes } from '../fix/parse.js';
import type { Fix } from '../fix/types.js';
import type { Command } from './blocks.js';
import { FrontMatter, type Placed } from './frontMatter.js';
import { parseSections, type Part } from './markdown.js';
import { inOrder, lineProblem, type Problem } from './problem.js';
import { compileTemplate, type Template } from './template.js';

/** When a cause holds with a certain severity, and how that is said. */
export interface Rule {
  readonly severity: Severity;
  readonly condition: Condition;
  /** Whether it is tried for each row of the subject; otherwise once for the host, when no row was found to be as bad. */
  readonly perRow: boolean;
  readonly summary: Template;
  /** How much in the window. */
  readonly rate: Condition | undefined;
}

/** One cause of packet loss: when it holds, how it is reported, and what a person reads about it. */
export interface Cause {
  readonly kind: 'cause';
  readonly id: string;
  readonly title: string;
  readonly layer: Layer;
  readonly direction: Direction;
  /** Which rows the conditions look at, one by one; `host`: once for the whole host. */
  readonly subject: 'host' | TableName;
  /** The step of the guide to which the cause belongs. */
  readonly step: string;
  /** In the order of severity; the first that holds for a subject becomes the finding. */
  readonly rules: readonly Rule[];
  readonly unit: string;
  /** Signal ids; `it.NAME` for a value of the row. */
  readonly evidence: readonly string[];
  /** Causes that are not reported beside this one. */
  readonly explains: readonly string[];
  /** Cures, the most fitting first. */
  readonly fixes: readonly Fix[];
  readonly parts: readonly Part[];
}

export interface ParsedCause {
  /** `undefined` when something that the engine needs is missing or wrong. */
  readonly cause: Cause | undefined;
  readonly problems: readonly Problem[];
}

/** Parses one cause file. Never throws: whatever is wrong is listed with its place. */
export function parseCause(file: string, compiler: ConditionCompiler, markdown: MarkdownIt): ParsedCause {
  const head = new FrontMatter(file);
  head.choice('kind', ['cause']);
  const id = head.text('id', true);
  const title = head.text('title', true);
  const layer = head.choice('layer', LAYERS);
  const direction = head.choice('direction', DIRECTIONS);
  const subject = head.choice('subject', ['host', ...TABLES] as const, 'host');
  const step = head.text('step', true);
  const row = subject !== 'host';
  const definitions = new Map<string, Condition>();
  const condition = (placed: Placed | undefined, withRow: boolean): Condition | undefined => {
    if (placed === undefined) return undefined;
    const compiled = compiler.compile(placed.text, withRow, definitions);
    if (compiled.ok) return compiled.condition;
    head.problemAt(compiled.problem.message, placed.start + compiled.problem.start, placed.start + compiled.problem.end);
    return undefined;
  };
  const template = (placed: Placed | undefined, withRow: boolean): Template | undefined => {
    if (placed === undefined) return undefined;
    const compiled = compileTemplate(placed.text, compiler, withRow, definitions);
    for (const problem of compiled.problems) head.problemAt(problem.message, placed.start + problem.start, placed.start + problem.end);
    return compiled.template;
  };
  for (const [name, placed] of head.entries('define')) {
    // In the order in which they stand: a definition may use those above it.
    const compiled = condition(placed, row);
    if (compiled) definitions.set(name, compiled);
  }
  const summaryText = head.text('summary', true);
  const rateText = head.text('rate', false);
  const unit = head.text('unit', rateText !== undefined)?.text ?? '';
  const amount = condition(rateText, row);
  const otherwiseAmount = condition(head.text('otherwise_rate', false), false);
  const namesRow = (expression: Condition): boolean => expression.references.some((reference) => reference.root === 'it');
  const rules: Rule[] = [];
  const addRule = (severity: Severity, key: string, summaryKey: string, canNameRow: boolean): void => {
    const compiled = condition(head.text(key, false), canNameRow);
    const own = head.text(summaryKey, false);
    if (compiled === undefined) return;
    const perRow = canNameRow && namesRow(compiled);
    const rate = key === 'otherwise' && otherwiseAmount ? otherwiseAmount : amount;
    const summary = template(own ?? summaryText, perRow);
    if (summary) rules.push({ severity, condition: compiled, perRow, summary, rate: rate && namesRow(rate) && !perRow ? undefined : rate });
  };
  for (const severity of SEVERITIES) {
    addRule(severity, severity, `${severity}_summary`, row);
    if (severity === 'loss' && row) addRule('loss', 'otherwise', 'otherwise_summary', false);
  }
  const evidence = head.list('evidence').map((placed) => placed.text);
  const explains = head.list('explains').map((placed) => placed.text);
  const complain = (message: string, start: number, end: number): void => head.problemAt(message, start, end);
  const fixes = parseFixes(head, { compiler, definitions, subject: subject ?? 'host', complain });
  head.finish();
  if (rules.length === 0 && head.problems.length === 0) {
    head.problemAt('A cause has at least one of loss, risk, harmless, history.', 0, 3);
  }
  const problems = [...head.problems];
  const sections = parseSections(markdown, head.body, head.bodyLine, problems);
  if (!id || !title || !layer || !direction || !subject || !step || rules.length === 0) {
    return { cause: undefined, problems: inOrder(problems) };
  }
  const cause: Cause = {
    kind: 'cause',
    id: id.text,
    title: title.text,
    layer,
    direction,
    subject,
    step: step.text,
    rules,
    unit,
    evidence,
    explains,
    fixes,
    parts: sections.flatMap((section) => section.parts),
  };
  problems.push(...strayFixes(cause));
  return { cause, problems: inOrder(problems) };
}

/** The commands of a list of parts, by id. */
export function commandsOf(parts: readonly Part[]): ReadonlyMap<string, Command> {
  return new Map(parts.flatMap((part) => (part.kind === 'command' ? [[part.command.id, part.command] as const] : [])));
}

/** Commands that stand for a fix which the front matter does not have. */
function strayFixes({ parts, fixes }: Cause): readonly Problem[] {
  const known = new Set(fixes.map(({ id }) => id));
  return [...commandsOf(parts).values()].flatMap(({ id, fix, line }) =>
    fix === undefined || known.has(fix) ? [] : [lineProblem(`The command "${id}" names the fix "${fix}", which is not under "fixes".`, line)],
  );
}
