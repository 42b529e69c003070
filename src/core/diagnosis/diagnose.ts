import { TABLES, type TableName } from '../facts.js';
import { SEVERITIES } from '../layers.js';
import { isPerhapsAnothers, marked } from '../namespaces/wholeHost.js';
import { sourceOfSignal, sourceOfTable, sourceOfValue } from '../observe/origin.js';
import type { RowWindow, WindowView } from '../observe/window.js';
import type { Cause, Rule } from '../runbook/cause.js';
import { render } from '../runbook/template.js';
import type { Condition, Reference } from './condition.js';
import { evidenceOf } from './evidence.js';
import { gatherNotChecked, hasSignal, type Undecided } from './notChecked.js';
import { isUnreadTable, scopeOf, type ScopedView } from './scope.js';
import type { Diagnosis, Finding, NotChecked, Subject, Verdict } from './types.js';

/**
 * Judges a window: which causes hold, for which subject, with what evidence; best explanation first. What could not be
 * decided is listed, never counted as healthy.
 */
export function diagnose(view: WindowView, causes: readonly Cause[]): Diagnosis {
  const scoped = scopeOf(view);
  const findings: Found[] = [];
  const undecided: Undecided[] = [];
  for (const cause of causes) judge(cause, scoped, findings, undecided);
  const placed = view.inNamespace === true ? findings.map(({ finding, row }) => ({ finding: marked(finding), row })) : findings;
  const kept = withoutExplained(placed, causes);
  const ranked = rank(kept, causes);
  const notChecked = gatherNotChecked(view, undecided);
  return { seconds: view.seconds, samples: view.samples, verdict: verdictOf(ranked, notChecked), findings: ranked, notChecked };
}

function judge(cause: Cause, window: ScopedView, findings: Found[], undecided: Undecided[]): void {
  const own: Found[] = [];
  if (cause.subject !== 'host') {
    const perRow = cause.rules.filter((rule) => rule.perRow);
    // Only a table that could not be read leaves a cause open; an empty table is an answer.
    if (perRow.length > 0 && isUnreadTable(window.view, cause.subject)) {
      undecided.push({ cause: cause.id, why: { kind: 'source', source: sourceOfTable(cause.subject) } });
    }
    for (const row of perRow.length > 0 ? window.rowsOf(cause.subject) : []) {
      const rule = firstThatHolds(cause, perRow, window, row, undecided);
      if (rule) own.push({ finding: findingOf(cause, rule, window, row), row });
    }
  }
  const worst = Math.min(...own.map(({ finding }) => SEVERITIES.indexOf(finding.severity)), SEVERITIES.length);
  const ofHost = cause.rules.filter((rule) => !rule.perRow && SEVERITIES.indexOf(rule.severity) < worst);
  const rule = firstThatHolds(cause, ofHost, window, undefined, undecided);
  findings.push(...own, ...(rule ? [{ finding: findingOf(cause, rule, window, undefined), row: undefined }] : []));
}

/** Tried for every row of a host: a loop costs nothing but its conditions. */
function firstThatHolds(
  cause: Cause,
  rules: readonly Rule[],
  window: ScopedView,
  row: RowWindow | undefined,
  undecided: Undecided[],
): Rule | undefined {
  for (const rule of rules) if (decide(cause, rule.condition, window, row, undecided)) return rule;
  return undefined;
}

function decide(cause: Cause, condition: Condition, window: ScopedView, row: RowWindow | undefined, undecided: Undecided[]): boolean {
  const outcome = condition.evaluate(window, row);
  if (outcome.kind === 'value') return outcome.value === true;
  const open = outcome.kind === 'undecided' ? whyUndecided(cause, condition, window.view, row) : undefined;
  if (open) undecided.push({ cause: cause.id, why: open });
  else if (outcome.kind === 'error') undecided.push({ cause: cause.id, why: { kind: 'error', condition: condition.source, message: outcome.message } });
  return false;
}

/** The first name of the condition that this host does not have. */
function whyUndecided(cause: Cause, condition: Condition, view: WindowView, row: RowWindow | undefined): Undecided['why'] | undefined {
  for (const reference of condition.references) {
    const missing = missingSource(cause, reference, view, row);
    if (missing) return missing;
  }
  return undefined;
}

function missingSource(cause: Cause, reference: Reference, view: WindowView, row: RowWindow | undefined): Undecided['why'] | undefined {
  if (reference.root === 'rows') {
    const table = TABLES.find((known) => known === reference.name);
    return table !== undefined && isUnreadTable(view, table) ? { kind: 'source', source: sourceOfTable(table) } : undefined;
  }
  if (reference.root === 'it') {
    if (row === undefined || reference.view === 'label') return undefined;
    if (hasValue(row, reference.view, reference.name) || cause.subject === 'host') return undefined;
    const source = sourceOfValue(cause.subject, reference.name);
    if (view.unreadable.has(source) || view.partial.has(source)) return { kind: 'source', source };
    const compares = reference.view === 'delta' || reference.view === 'rate';
    if (view.readings.get(source) === undefined || (compares && view.readings.get(source) === 1)) return { kind: 'source', source };
    // A row without this value, from a source that was read, simply does not have it (a link without speed).
    return undefined;
  }
  if (isKnown(reference, view)) return undefined;
  const source = sourceOfSignal(reference.path);
  if (source !== undefined && view.unreadable.has(source)) return { kind: 'source', source };
  return { kind: 'signal', signal: reference.path };
}

function hasValue({ counters, levels }: RowWindow, view: 'delta' | 'rate' | 'now' | 'min' | 'max', name: string): boolean {
  switch (view) {
    case 'now':
      return levels.has(name) || counters.has(name);
    case 'delta':
      return counters.get(name)?.delta !== undefined;
    case 'rate':
      return counters.get(name)?.delta !== undefined && (counters.get(name)?.seconds ?? 0) > 0;
    case 'min':
    case 'max':
      return levels.has(name);
  }
}

function isKnown(reference: Exclude<Reference, { root: 'it' | 'rows' }>, view: WindowView): boolean {
  switch (reference.root) {
    case 'now':
      return hasSignal(view, reference.path);
    case 'delta':
    case 'rate':
      return view.counters.get(reference.path)?.delta !== undefined;
    case 'min':
    case 'max':
      return view.levels.has(reference.path);
  }
}

const SUBJECT_KIND: Readonly<Record<TableName, Subject['kind']>> = {
  interface: 'interface',
  nic: 'interface',
  qdisc: 'qdisc',
  listener: 'socket',
  socket: 'socket',
  udp: 'socket',
  cpu: 'cpu',
  synrecv: 'socket',
  halfclosed: 'socket',
  process: 'entry',
  route: 'entry',
  neighbour: 'entry',
  nfqueue: 'entry',
  capture: 'interface',
  rule: 'entry',
  chain: 'entry',
  drop: 'entry',
};

function subjectOf(row: RowWindow | undefined): Subject {
  if (row === undefined) return { kind: 'host', name: 'host' };
  const process = row.labels.get('process');
  const name = row.labels.get('local') ?? row.key;
  return { kind: SUBJECT_KIND[row.table], name, ...(process === undefined ? {} : { process }) };
}

function findingOf(cause: Cause, rule: Rule, window: ScopedView, row: RowWindow | undefined): Finding {
  const { severity } = rule;
  const { view } = window;
  const amount = severity === 'risk' || severity === 'history' ? undefined : amountOf(rule.rate, window, row);
  const seconds = rule.rate ? secondsOf(rule.rate, view, row) : 0;
  return {
    cause: cause.id,
    title: cause.title,
    layer: cause.layer,
    direction: cause.direction,
    severity,
    subject: subjectOf(row),
    rate: amount === undefined || seconds <= 0 ? 0 : Math.round((amount / seconds) * 100) / 100,
    unit: cause.unit || 'events/s',
    evidence: evidenceOf(cause.evidence, view, row),
    summary: render(rule.summary, window, row),
    runbook: cause.id,
  };
}

function amountOf(rate: Condition | undefined, window: ScopedView, row: RowWindow | undefined): number | undefined {
  const outcome = rate?.evaluate(window, row);
  return outcome?.kind === 'value' && typeof outcome.value === 'number' && Number.isFinite(outcome.value) ? outcome.value : undefined;
}

/** How long the counters of an amount were watched: a live view reads some sources less often than others. */
function secondsOf(rate: Condition, view: WindowView, row: RowWindow | undefined): number {
  const times = rate.references.flatMap((reference) => {
    if (reference.root === 'rows') return [];
    const counter = reference.root === 'it' ? row?.counters.get(reference.name) : view.counters.get(reference.path);
    return counter?.delta === undefined ? [] : [counter.seconds];
  });
  return times.length === 0 ? view.seconds : Math.max(...times);
}

/** A finding and the row that it is about, `undefined` for the host. */
interface Found {
  readonly finding: Finding;
  readonly row: RowWindow | undefined;
}

/**
 * A cause silences those that only show the same events through a more general counter. Where both are about a thing
 * of one kind, an interface or a socket, they are the same events only for the same thing.
 */
function withoutExplained(found: readonly Found[], causes: readonly Cause[]): readonly Finding[] {
  const explains = new Map(causes.map((cause) => [cause.id, new Set(cause.explains)]));
  // What another namespace may have lost explains nothing in this one.
  const losses = found.filter(({ finding }) => finding.severity === 'loss' && !isPerhapsAnothers(finding));
  const silenced = ({ finding, row }: Found): boolean =>
    losses.some((loss) => explains.get(loss.finding.cause)?.has(finding.cause) === true && mayBeSame(loss.row, row));
  return found.filter((one) => !silenced(one)).map(({ finding }) => finding);
}

function mayBeSame(a: RowWindow | undefined, b: RowWindow | undefined): boolean {
  const [first, second] = [a && thingOf(a), b && thingOf(b)];
  return first === undefined || second === undefined || first.kind !== second.kind || first.name === second.name;
}

/** What a row belongs to: a queueing discipline and driver counters to their interface. */
function thingOf(row: RowWindow): { readonly kind: Subject['kind']; readonly name: string } {
  const device = row.table === 'qdisc' ? row.labels.get('dev') : undefined;
  const kind = SUBJECT_KIND[row.table];
  return { kind: kind === 'qdisc' ? 'interface' : kind, name: device ?? row.labels.get('local') ?? row.key };
}

/**
 * Severity first; then what is the namespace's own before what is the whole host's; then causes that explain others
 * before those that explain none, since they are the more specific ones; then a named subject before the host; then the
 * higher rate.
 */
function rank(findings: readonly Finding[], causes: readonly Cause[]): readonly Finding[] {
  const weight = new Map(causes.map((cause) => [cause.id, cause.explains.length]));
  return [...findings].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      Number(a.wholeHost === true) - Number(b.wholeHost === true) ||
      Math.sign(weight.get(b.cause) ?? 0) - Math.sign(weight.get(a.cause) ?? 0) ||
      Number(a.subject.kind === 'host') - Number(b.subject.kind === 'host') ||
      b.rate - a.rate ||
      a.cause.localeCompare(b.cause) ||
      a.subject.name.localeCompare(b.subject.name),
  );
}

function verdictOf(findings: readonly Finding[], notChecked: readonly NotChecked[]): Verdict {
  if (findings.some((finding) => finding.severity === 'loss')) return 'loss';
  if (findings.some((finding) => finding.severity === 'risk')) return 'risk';
  return notChecked.some((entry) => entry.essential) ? 'incomplete' : 'clean';
}
