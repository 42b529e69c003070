import { actLine } from '../../collect/change/program.js';
import { inline } from '../../collect/sanitize.js';
import type { Proof } from '../../core/fix/proof.js';
import type { ChangePlan, Fix } from '../../core/fix/types.js';
import { msg, type Message } from '../../core/message.js';
import type { HostInfo } from '../../core/sample.js';
import type { Change } from '../../engine/change.js';
import type { Translate } from '../../engine/report.js';
import type { ChangeState, LoggedChange, PlanStep, PlanView, ProofView } from '../../protocol/change.js';
import type { Entry } from './log.js';

/** A plan as a person is shown it. */
export function planView(plan: ChangePlan, made: { readonly id: string; readonly fix: Fix; readonly host: HostInfo; readonly seconds: number }, translate: Translate): PlanView {
  const { id, fix, host, seconds } = made;
  const root = host.uid === 0 ? msg('root') : msg('root, by sudo');
  return {
    plan: id,
    title: plan.title,
    risk: plan.risk,
    host: inline(host.name),
    user: translate(root),
    steps: plan.steps.map((step, index) => planStep(step, fix.settings[index]?.asked === true)),
    commands: plan.steps.flatMap(({ sets }) => sets.map(actLine)).map(inline),
    undo: [...plan.steps].reverse().flatMap(({ resets }) => resets.map(actLine)).map(inline),
    effect: inline(plan.effect),
    then: plan.then === undefined ? null : inline(plan.then),
    watch: plan.watch.map(({ label }) => counterName(label)),
    seconds,
  };
}

function planStep({ name, before, after }: { readonly name: string; readonly before: { readonly value: string }; readonly after: string }, asked: boolean): PlanStep {
  return { name: inline(name), before: inline(before.value), after: inline(after), asked };
}

/** A change under way as the extension draws it. */
export function changeState(target: string, change: Change, translate: Translate): ChangeState {
  const { id, plan, host } = change.options;
  const { phase } = change;
  return {
    target,
    change: id,
    runbook: plan.runbook,
    fix: plan.fix,
    title: plan.title,
    host: inline(host),
    steps: plan.steps.map((step) => planStep(step, false)),
    then: plan.then === undefined ? null : inline(plan.then),
    phase:
      phase.kind === 'over'
        ? { kind: 'over', outcome: phase.outcome, text: inline(translate(phase.why)) }
        : phase.kind === 'before'
          ? { kind: 'before', seconds: change.options.watchSeconds }
          : phase,
    proof: change.proof ? proofView(change.proof, translate) : null,
  };
}

/** A change of the log that is over, as the extension draws it. */
export function entryState(entry: Entry, outcome: Entry['outcome'], why: Message, translate: Translate): ChangeState {
  return {
    target: entry.target,
    change: entry.id,
    runbook: entry.runbook,
    fix: entry.fix,
    title: inline(entry.title),
    host: inline(entry.host),
    steps: entry.steps.map((step) => planStep(step, false)),
    then: null,
    phase: { kind: 'over', outcome, text: inline(translate(why)) },
    proof: entry.proof ? proofView(entry.proof, translate) : null,
  };
}

export function proofView(proof: Proof, translate: Translate): ProofView {
  return { verdict: proof.verdict, sentence: inline(translate(proofSentence(proof))), lines: proof.lines.map((line) => ({ ...line, signal: counterName(line.signal) })) };
}

function proofSentence({ verdict, lines }: Proof): ReturnType<typeof msg> {
  const moved = lines.filter(({ before, after }) => before > 0 || after > 0);
  const text = moved.map(({ signal, before, after, level }) => `${counterName(signal)} ${amountText(before, level)} → ${amountText(after, level)}`).join(', ');
  switch (verdict) {
    case 'stopped':
      return msg('It stopped: {0}.', text);
    case 'less':
      return msg('It became less: {0}.', text);
    case 'same':
      return msg('No change: {0}.', text);
    case 'quiet':
      return msg('Nothing moved before the change, so the counters prove nothing yet.');
  }
}

/** A counter of the row that the change is for goes by its own name: which row it is stands above. */
function counterName(label: string): string {
  return label.replace(/^it\./, '');
}

function amountText(amount: number, level: boolean): string {
  return `${amount === 0 ? '0' : amount < 10 ? amount.toFixed(1) : String(Math.round(amount))}${level ? '' : '/s'}`;
}

/** An entry of the log. `bootId`: of the host's present run, where it is known. */
export function loggedChange(entry: Entry, bootId: string | undefined, translate: Translate): LoggedChange {
  return {
    change: entry.id,
    at: entry.at,
    target: entry.target,
    host: inline(entry.host),
    title: inline(entry.title),
    runbook: entry.runbook,
    fix: entry.fix,
    steps: entry.steps.map((step) => planStep(step, false)),
    outcome: entry.outcome,
    proof: entry.proof ? proofView(entry.proof, translate) : null,
    persisted: entry.persisted.map(({ path, at }) => ({ path, at })),
    standing: standingOf(entry, bootId),
  };
}

/** Whether a change is in effect, as far as the log knows. */
export function standingOf(entry: Entry, bootId: string | undefined): LoggedChange['standing'] {
  if (entry.undoneAt !== null || (entry.outcome !== 'kept' && entry.outcome !== 'unheard' && entry.outcome !== 'stuck')) return 'undone';
  return bootId !== undefined && bootId !== entry.bootId && entry.persisted.length === 0 ? 'gone' : 'in-effect';
}
