import type { Diagnosis, Finding } from '../../core/diagnosis/types.js';
import { TABLES, type TableName } from '../../core/facts.js';
import { msg } from '../../core/message.js';
import type { WindowView } from '../../core/observe/window.js';
import type { Cause } from '../../core/runbook/cause.js';
import type { Translate } from '../../engine/report.js';
import type { StepCause, StepState, StepVerdict, TableView } from '../../protocol/runbook.js';
import { oneLine } from './format.js';
import { worst } from './judgement.js';
import { rowTable } from './rowTable.js';
import { signalTable } from './signalTable.js';

/** What a step's state is made from. */
export interface StepInput {
  readonly view: WindowView;
  readonly diagnosis: Diagnosis;
  readonly causes: readonly Cause[];
  readonly translate: Translate;
}

/** A step as far as its live state is concerned. */
export interface LiveStep {
  readonly id: string;
  readonly show: readonly string[];
}

/** The live state of one step of a guide. */
export function stepState(step: LiveStep, input: StepInput): StepState {
  const own = input.causes.filter((cause) => cause.step === step.id);
  const findings = input.diagnosis.findings.filter((finding) => own.some((cause) => cause.id === finding.cause));
  const open = openCauses(own, input);
  return { step: step.id, ...judge(own, findings, open, input), causes: [...findings.map(found), ...open], tables: tablesOf(step.show, input) };
}

/** The live state of a cause's own page: the same, for one cause. */
export function causeState(cause: Cause, input: StepInput): StepState {
  const findings = input.diagnosis.findings.filter((finding) => finding.cause === cause.id);
  const open = openCauses([cause], input);
  const show = [...(cause.subject === 'host' ? [] : [cause.subject]), ...cause.evidence.filter((name) => !name.startsWith('it.'))];
  return { step: cause.id, ...judge([cause], findings, open, input), causes: [...open], tables: tablesOf(show, input) };
}

function judge(
  causes: readonly Cause[],
  findings: readonly Finding[],
  open: readonly StepCause[],
  input: StepInput,
): { verdict: StepVerdict; why: string } {
  const { translate } = input;
  if (causes.length === 0) {
    return { verdict: 'unknown', why: translate(msg('Counters cannot answer this; the commands below can.')) };
  }
  const present = findings.filter((finding) => finding.severity !== 'history');
  const health = worst(present, 'ok');
  const first = present[0];
  if (first) return { verdict: verdictOf(first), why: oneLine(first.summary, 300) };
  const past = findings[0];
  if (open.length > 0 && open.length === causes.length) return { verdict: 'unknown', why: open[0]?.text ?? '' };
  if (past) return { verdict: 'ok', why: translate(msg('Nothing in the last seconds. Earlier: {0}', oneLine(past.summary, 300))) };
  const seconds = Math.max(1, Math.round(input.view.seconds));
  const why =
    open.length > 0
      ? translate(msg('Nothing was lost here in the last {0} s; {1} of {2} causes could not be checked.', seconds, open.length, causes.length))
      : translate(msg('Nothing was lost here in the last {0} s.', seconds));
  return { verdict: health === 'ok' ? 'ok' : 'unknown', why };
}

function verdictOf(finding: Finding): StepVerdict {
  return finding.severity === 'history' ? 'ok' : finding.severity;
}

function found(finding: Finding): StepCause {
  return { cause: finding.cause, title: finding.title, verdict: verdictOf(finding), text: oneLine(finding.summary, 400) };
}

/** The causes that could not be decided, each with its reason. */
function openCauses(causes: readonly Cause[], input: StepInput): readonly StepCause[] {
  const { translate } = input;
  return causes.flatMap((cause) => {
    const reason = input.diagnosis.notChecked.find((entry) => entry.causes.includes(cause.id));
    if (reason === undefined) return [];
    const text = translate(msg('Cannot tell, because {0}: {1}.', translate(reason.what), translate(reason.why)));
    return [{ cause: cause.id, title: cause.title, verdict: 'unknown' as const, text }];
  });
}

function tablesOf(show: readonly string[], input: StepInput): TableView[] {
  const isTable = (name: string): name is TableName => TABLES.some((table) => table === name);
  const tables = show.filter(isTable).map((table) => rowTable(table, input));
  const signals = show.filter((name) => !isTable(name));
  return signals.length > 0 ? [...tables, signalTable(signals, input)] : tables;
}
