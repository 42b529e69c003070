import { LAYERS, layerTitle } from '../layers.js';
import { msg, type Message } from '../message.js';
import type { RecordedChange, RecordedCommand } from '../recording/types.js';
import { code, fenced, plainText, table } from './markdown.js';

/** A verdict with its evidence, as `diagnose --json` has it. */
export interface ReportedDiagnosis {
  readonly host: { readonly name: string; readonly kernel: string };
  readonly window: { readonly seconds: number; readonly samples: number };
  readonly verdict: 'loss' | 'risk' | 'clean' | 'incomplete';
  readonly findings: readonly ReportedFinding[];
  readonly notChecked: readonly { readonly what: string; readonly why: string; readonly how: string }[];
}

export interface ReportedFinding {
  readonly cause: string;
  readonly title: string;
  readonly layer: string;
  readonly direction: string;
  readonly severity: string;
  readonly subject: { readonly kind: string; readonly name: string; readonly process?: string };
  readonly rate: number;
  readonly unit: string;
  readonly evidence: readonly { readonly signal: string; readonly before: number; readonly after: number; readonly delta: number }[];
  readonly summary: string;
}

/** Everything that an incident report tells. */
export interface Incident {
  readonly target: string;
  readonly diagnosis: ReportedDiagnosis;
  /** When the window ended, in milliseconds since the epoch; `undefined` when that is not known. */
  readonly at: number | undefined;
  readonly commands: readonly RecordedCommand[];
  readonly changes: readonly RecordedChange[];
  /** Version of the product that watched. */
  readonly product: string;
  readonly redacted: boolean;
}

/** The reader's surroundings. */
export interface Reader {
  readonly translate: (message: Message) => string;
  /** A time in milliseconds since the epoch as text, with its time zone. */
  readonly time: (at: number) => string;
}

/** Findings that are written out; a host with hundreds has its worst first. */
const MOST_FINDINGS = 50;

/** An incident as a Markdown document. Whatever the host calls its things, nothing of it becomes a link, an image or HTML. */
export function incidentReport(incident: Incident, { translate, time }: Reader): string {
  const t = (text: Message): string => translate(text);
  const { diagnosis } = incident;
  const parts = [
    `# ${t(msg('Incident report'))}: ${plainText(diagnosis.host.name)}`,
    facts(incident, t, time),
    ...findings(diagnosis, t),
    ...(incident.changes.length === 0 ? [] : [`## ${t(msg('Changes made'))}`, ...incident.changes.flatMap((change) => changeParts(change, t, time))]),
    ...(incident.commands.length === 0 ? [] : [`## ${t(msg('Commands run'))}`, ...incident.commands.flatMap((command) => commandParts(command, t, time))]),
    ...notChecked(diagnosis, t),
  ];
  return `${parts.join('\n\n')}\n`;
}

type T = (text: Message) => string;

function facts(incident: Incident, t: T, time: Reader['time']): string {
  const { diagnosis, at, target, product, redacted } = incident;
  const { host, window } = diagnosis;
  const rows: [string, string][] = [
    [t(msg('Verdict')), `**${plainText(t(verdictText(diagnosis.verdict)))}**`],
    [t(msg('Host')), code(host.name)],
    [t(msg('Target')), code(target)],
    [t(msg('Kernel')), code(host.kernel)],
    ...(at === undefined ? [] : [[t(msg('Watched until')), plainText(time(at))] as [string, string]]),
    [t(msg('Watched for')), plainText(t(msg('{0} s, {1} samples', window.seconds, window.samples)))],
    [t(msg('Made with')), plainText(`Droplens ${product}`)],
    ...(redacted ? [[t(msg('Redacted')), plainText(t(msg('names of hosts and users, addresses and secrets are replaced, each by the same word everywhere')))] as [string, string]] : []),
  ];
  return table(['', ''], rows);
}

function verdictText(verdict: ReportedDiagnosis['verdict']): Message {
  switch (verdict) {
    case 'loss':
      return msg('Packets, data or connections were lost');
    case 'risk':
      return msg('Nothing was lost while watching, but it is at risk');
    case 'clean':
      return msg('Nothing was lost while watching');
    case 'incomplete':
      return msg('Nothing was found, but something that matters could not be read');
  }
}

function severityText(severity: string): Message {
  switch (severity) {
    case 'loss':
      return msg('loss');
    case 'risk':
      return msg('risk');
    case 'harmless':
      return msg('looks like loss and is harmless');
    case 'history':
      return msg('lost earlier, not while watching');
    default:
      return msg('{0}', severity);
  }
}

function findings(diagnosis: ReportedDiagnosis, t: T): readonly string[] {
  const shown = diagnosis.findings.slice(0, MOST_FINDINGS);
  const more = diagnosis.findings.length - shown.length;
  return [
    `## ${t(msg('Findings'))}`,
    ...(shown.length === 0 ? [plainText(t(msg('None.')))] : shown.flatMap((finding, index) => findingParts(finding, index + 1, diagnosis.window.seconds, t))),
    ...(more > 0 ? [plainText(t(msg('{0} more findings are left out.', more)))] : []),
  ];
}

function findingParts(finding: ReportedFinding, number: number, seconds: number, t: T): readonly string[] {
  const layer = LAYERS.find((known) => known === finding.layer);
  const about = [
    `${t(msg('Severity'))}: ${plainText(t(severityText(finding.severity)))}`,
    `${t(msg('Cause'))}: ${code(finding.cause)}`,
    `${t(msg('Layer'))}: ${plainText(layer === undefined ? finding.layer : t(layerTitle(layer)))} (${plainText(finding.direction)})`,
    `${t(msg('Subject'))}: ${finding.subject.kind === 'host' ? plainText(t(msg('the host'))) : code(finding.subject.name)}${finding.subject.process === undefined ? '' : `, ${t(msg('process'))} ${code(finding.subject.process)}`}`,
    ...(finding.rate > 0 ? [`${t(msg('Rate'))}: ${plainText(`${finding.rate} ${finding.unit}`)}`] : []),
  ];
  const head = [t(msg('Counter')), t(msg('Before')), t(msg('After')), t(msg('Change')), t(msg('Per second'))];
  const rows = finding.evidence.map(({ signal, before, after, delta }) => [
    code(signal),
    String(before),
    String(after),
    delta > 0 ? `+${delta}` : String(delta),
    seconds > 0 ? String(Math.round((delta / seconds) * 100) / 100) : '–',
  ]);
  return [
    `### ${number}. ${plainText(finding.title)}`,
    plainText(finding.summary),
    about.map((line) => `- ${line}`).join('\n'),
    ...(rows.length === 0 ? [] : [table(head, rows)]),
  ];
}

function changeParts(change: RecordedChange, t: T, time: Reader['time']): readonly string[] {
  const rows = [
    [t(msg('When')), plainText(time(change.when))],
    [t(msg('Before')), code(change.before)],
    [t(msg('After')), code(change.after)],
    [t(msg('Outcome')), plainText(change.outcome)],
    [t(msg('Proof')), change.proof === '' ? '–' : plainText(change.proof)],
  ];
  return [`### ${plainText(change.title)}`, table(['', ''], rows), ...block(change.commands.join('\n'), 'text', t)];
}

function commandParts(command: RecordedCommand, t: T, time: Reader['time']): readonly string[] {
  const ended = command.timedOut
    ? msg('ended after {0} s, because its time was over', round(command.seconds))
    : msg('exit status {0} after {1} s', command.exit ?? '–', round(command.seconds));
  const about = [
    plainText(time(command.at)),
    plainText(t(ended)),
    ...(command.truncated ? [plainText(t(msg('its output was longer than what was kept')))] : []),
  ];
  const given = command.env.map(([name, value]) => `- ${code(name)} = ${code(value)}`);
  return [
    `### ${code(command.command)} (${code(command.runbook)})`,
    about.join('; '),
    ...(given.length === 0 ? [] : [given.join('\n')]),
    ...block(command.script, 'sh', t),
    ...(command.output.trim() === '' ? [plainText(t(msg('It printed nothing.')))] : block(command.output, 'text', t)),
  ];
}

function block(text: string, info: string, t: T): readonly string[] {
  const { block: fence, leftOut } = fenced(text, info);
  return leftOut > 0 ? [fence, plainText(t(msg('{0} characters more are left out.', leftOut)))] : [fence];
}

function notChecked({ notChecked: list }: ReportedDiagnosis, t: T): readonly string[] {
  if (list.length === 0) return [];
  const rows = list.map(({ what, why, how }) => [plainText(what), plainText(why), how === '' ? '–' : plainText(how)]);
  return [`## ${t(msg('Not checked'))}`, table([t(msg('What')), t(msg('Why')), t(msg('How to check it'))], rows)];
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
