import { LAYERS, layerTitle } from '../core/layers.js';
import { english, msg } from '../core/message.js';
import type { DiagnosisReport } from '../protocol/diagnosis.js';

export const HELP = `Droplens finds where a Linux host loses packets.

  droplens diagnose [TARGET] [--seconds N] [--json]   watch the host for N seconds (default 3) and name the cause
  droplens sample [TARGET] [--json]                   print every counter once
  droplens --help | --version

TARGET   local:/ (default)   local:/netns/NAME   local:/pid/PID
         ssh://[user@]host[:port]/   each also with /netns/NAME or /pid/PID

Exit     0 nothing lost while watching   1 loss found   2 could not diagnose (the reason is on stderr)
`;

/** A report for a terminal. Names from the host are cleaned by whoever printed them into the report. */
export function reportText(report: DiagnosisReport): string {
  const lines = [headline(report), ''];
  for (const finding of report.findings) {
    const layer = english(layerTitle(LAYERS.find((known) => known === finding.layer) ?? 'path'));
    const rate = finding.rate > 0 ? `  ${finding.rate} ${finding.unit}` : '';
    lines.push(`${finding.severity.toUpperCase().padEnd(8)} ${finding.cause}  (${layer}, ${finding.direction})${rate}`);
    lines.push(`         ${finding.summary}`);
    for (const entry of finding.evidence) {
      lines.push(`           ${entry.signal}: ${entry.before} → ${entry.after} (${signed(entry.delta)})`);
    }
    lines.push('');
  }
  if (report.notChecked.length > 0) {
    lines.push(english(msg('Not checked:')));
    for (const entry of report.notChecked) lines.push(`  ${entry.what}: ${entry.why}${entry.how ? ` → ${entry.how}` : ''}`);
    lines.push('');
  }
  return lines.join('\n');
}

function headline(report: DiagnosisReport): string {
  const { host, window } = report;
  switch (report.verdict) {
    case 'loss':
      return english(msg('{0} loses packets or connections (watched {1} s).', host.name, window.seconds));
    case 'risk':
      return english(msg('Nothing was lost on {0} while I watched ({1} s), but it is at risk.', host.name, window.seconds));
    case 'clean':
      return english(msg('Nothing was lost on {0} while I watched ({1} s).', host.name, window.seconds));
    case 'incomplete':
      return english(msg('Nothing was found on {0} in {1} s, but something that matters could not be read.', host.name, window.seconds));
  }
}

function signed(value: number): string {
  return value >= 0 ? `+${value}` : String(value);
}
