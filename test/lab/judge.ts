import type { Report, ReportFinding, Watched } from './cli.js';
import type { Amount, Control, Done, Expected, Fault, Scene } from './fault.js';

/** Everything that is wrong with a diagnosis of a fault; empty when it is right. */
export function problemsOfFault(fault: Fault, scene: Scene, { status, report, done }: Watched<Done>): readonly string[] {
  const problems: string[] = [];
  const ownHost = scene.target !== 'machine';
  const wantedStatus = fault.severity === 'loss' ? 1 : 0;
  // Where only a risk is expected of the whole machine, something else on it may lose packets.
  if (ownHost || fault.severity === 'loss') {
    if (status !== wantedStatus) problems.push(`exit status ${status}, expected ${wantedStatus}`);
    if (report.verdict !== fault.severity) problems.push(`verdict ${report.verdict}, expected ${fault.severity}`);
  }
  const at = (severity: string) => report.findings.filter((finding) => finding.severity === severity);
  const wanted = fault.expected.map(({ cause }) => cause);
  const found = at(fault.severity);
  const causes = found.map(({ cause }) => cause);
  const first = ownHost ? report.findings.slice(0, wanted.length).map(({ cause }) => cause) : causes;
  if (wanted.some((cause) => !first.includes(cause))) {
    problems.push(`first findings are ${list(causes)}, expected ${list(wanted)}`);
  }
  const others = ownHost ? at('loss').filter(({ cause }) => !wanted.includes(cause)) : [];
  if (others.length > 0) problems.push(`false loss: ${others.map(({ cause, summary }) => `${cause} (${summary})`).join('; ')}`);
  for (const expected of fault.expected) {
    const finding = found.find(({ cause }) => cause === expected.cause);
    if (finding) problems.push(...wrongPlace(finding, expected));
  }
  problems.push(...wrongAmounts(found.filter(({ cause }) => wanted.includes(cause)), done));
  const { subject } = scene;
  if (subject && !found.some((finding) => finding.subject.kind === subject.kind && finding.subject.name === subject.name)) {
    problems.push(`about ${list(found.map((finding) => `${finding.subject.kind} ${finding.subject.name}`))}, expected ${subject.kind} ${subject.name}`);
  }
  return problems;
}

/** Everything that is wrong with a diagnosis of a healthy host. */
export function problemsOfControl(control: Control, { status, report }: { status: number | null; report: Report }): readonly string[] {
  const problems: string[] = [];
  if (status !== 0) problems.push(`exit status ${status}, expected 0`);
  for (const { severity, cause, summary } of report.findings) {
    if (severity === 'loss') problems.push(`false loss: ${cause} (${summary})`);
  }
  for (const cause of control.harmless ?? []) {
    const found = report.findings.find((finding) => finding.cause === cause);
    if (!found) problems.push(`${cause} is not reported`);
  }
  for (const what of control.notChecked ?? []) {
    if (!report.notChecked.some((entry) => entry.what === what)) problems.push(`${what} is not listed as not checked`);
  }
  return problems;
}

function wrongPlace(finding: ReportFinding, { cause, layer, direction }: Expected): readonly string[] {
  return finding.layer === layer && finding.direction === direction
    ? []
    : [`${cause} is ${finding.layer}/${finding.direction}, expected ${layer}/${direction}`];
}

function wrongAmounts(findings: readonly ReportFinding[], done: Done): readonly string[] {
  return Object.entries(done).flatMap(([signal, amount]) => {
    const seen = findings.flatMap(({ evidence }) => evidence.filter((entry) => entry.signal === signal));
    if (seen.length === 0) return [`${signal} is not among the evidence`];
    return seen.some(({ delta }) => within(delta, amount))
      ? []
      : [`${signal} moved by ${list(seen.map(({ delta }) => String(delta)))}, expected ${JSON.stringify(amount)}`];
  });
}

function within(delta: number, amount: Amount): boolean {
  return typeof amount === 'number' ? delta === amount : delta >= amount[0] && delta <= amount[1];
}

const list = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(', '));
