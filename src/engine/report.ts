import { inline } from '../collect/sanitize.js';
import type { Diagnosis, Finding, NotChecked } from '../core/diagnosis/types.js';
import type { Message } from '../core/message.js';
import type { HostInfo } from '../core/sample.js';
import type { DiagnosisReport } from '../protocol/diagnosis.js';
import type { Library } from './library.js';

/** Puts a message into the person's language. */
export type Translate = (message: Message) => string;

/** The diagnosis in the shape of the command line's and the protocol's contract. */
export function toReport(
  target: string,
  host: HostInfo,
  diagnosis: Diagnosis,
  library: Library,
  translate: Translate,
): DiagnosisReport {
  const steps = new Map(library.causes.map((cause) => [cause.id, cause.step]));
  return {
    target,
    host: { name: host.name, kernel: host.kernel, bootId: host.bootId },
    window: { seconds: Math.round(diagnosis.seconds * 100) / 100, samples: diagnosis.samples },
    verdict: diagnosis.verdict,
    findings: diagnosis.findings.map((finding) => ({ ...plain(finding), step: steps.get(finding.cause) ?? '' })),
    notChecked: diagnosis.notChecked.map((entry) => notChecked(entry, translate)),
  };
}

function plain(finding: Finding): Omit<DiagnosisReport['findings'][number], 'step'> {
  // The sentence is for people; the subject's name is data and stays as the host spells it.
  return { ...finding, summary: inline(finding.summary), subject: { ...finding.subject }, evidence: finding.evidence.map((entry) => ({ ...entry })) };
}

function notChecked(entry: NotChecked, translate: Translate): DiagnosisReport['notChecked'][number] {
  return {
    what: inline(translate(entry.what)),
    why: inline(translate(entry.why)),
    how: entry.how ? inline(translate(entry.how)) : '',
  };
}
