import { l10n } from 'vscode';
import type { DiagnosisReport } from '../../protocol/diagnosis.js';
import { plain } from '../client/errors.js';

export type Finding = DiagnosisReport['findings'][number];

/** The finding to look at first: a loss, else a risk. Harmless and historical ones are no reason to go anywhere. */
export function firstFinding(report: DiagnosisReport): Finding | undefined {
  return report.findings.find(({ severity }) => severity === 'loss') ?? report.findings.find(({ severity }) => severity === 'risk');
}

/** The verdict as one sentence for a notification. */
export function verdictSentence(report: DiagnosisReport, host: string): string {
  const first = firstFinding(report);
  const seconds = Math.round(report.window.seconds * 10) / 10;
  const unchecked = report.notChecked.length;
  if (first?.severity === 'loss') return l10n.t('Droplens: loss on {0}: {1}', plain(host), plain(first.summary));
  if (first?.severity === 'risk') {
    return l10n.t('Droplens: nothing was lost on {0} while I watched ({1} s), but: {2}', plain(host), seconds, plain(first.summary));
  }
  if (report.verdict === 'incomplete') {
    const [what, ...others] = report.notChecked.map((entry) => plain(entry.what));
    return l10n.t('Droplens: cannot tell whether {0} loses packets. Could not be read: {1} (others: {2}).', plain(host), what ?? '', others.length);
  }
  if (unchecked === 0) return l10n.t('Droplens: nothing was lost on {0} while I watched ({1} s).', plain(host), seconds);
  return l10n.t('Droplens: nothing was lost on {0} while I watched ({1} s). Not checked: {2}, see the verdict.', plain(host), seconds, unchecked);
}
