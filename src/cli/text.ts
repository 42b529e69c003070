import { inline } from '../collect/sanitize.js';
import { LAYERS, layerTitle } from '../core/layers.js';
import { english, msg } from '../core/message.js';
import { WHOLE_HOST } from '../core/namespaces/wholeHost.js';
import type { Sample } from '../core/sample.js';
import type { BothEndsReport } from '../protocol/bothEnds.js';
import type { DiagnosisReport } from '../protocol/diagnosis.js';

export const HELP = `Droplens finds where a Linux host loses packets.

  droplens diagnose [TARGET] [--seconds N] [--json] [--root]
                                      watch the host for N seconds (default 3) and name the cause
  droplens diagnose TARGET --peer TARGET [--flow FLOW] [--seconds N] [--json] [--root]
                                      watch two hosts and say where a flow between them loses
  droplens sample [TARGET] [--json]   print every counter once
  droplens namespaces [TARGET] [--json]
                                      list pods, containers and other network namespaces on the host
  droplens record [TARGET] --out FILE [--seconds N] [--root] [--redact] [--force] [--json]
                                      diagnose and write all that was seen to FILE, to look at it anywhere
  droplens report FILE [--redact]     the incident report of a recording, as Markdown
  droplens --help | --version

TARGET   local:/ (default)   ssh://[user@]host[:port]/
         either also with netns/NAME, pid/PID or container/NAME: the host as seen from inside that network. A container
         goes by name or id, a pod or a unit by name; needs root there, and no tools in the container
         recording:///PATH, or --recording FILE in place of a target: what was recorded

FLOW     who sends to whom, as 'tcp 10.0.0.1:40000 > 10.0.0.2:5201' or 'udp …'; the busiest of the two hosts unless given.
         Behind NAT add what the receiver's host sees: '… as 192.0.2.1:61000 > 10.9.0.2:5201'

--root   also read what only root can see: firewall rules by name, kernel messages, a trace of why the kernel drops.
         Only reads, and leaves nothing behind. Uses root's own connection, or sudo where it needs no password.

--redact replace names of hosts and users, addresses and secrets, each by the same word everywhere

Exit     0 nothing lost while watching   1 loss found   2 could not diagnose (the reason is on stderr)
         with --peer: 2 also when the evidence does not decide
`;

/** A report for a terminal: nothing in it that a terminal would obey, whatever the host calls its things. */
export function reportText(report: DiagnosisReport): string {
  const lines = [headline(report), ''];
  for (const finding of report.findings) {
    const layer = english(layerTitle(LAYERS.find((known) => known === finding.layer) ?? 'path'));
    const rate = finding.rate > 0 ? `  ${finding.rate} ${finding.unit}` : '';
    lines.push(`${finding.severity.toUpperCase().padEnd(8)} ${finding.cause}  (${layer}, ${finding.direction})${rate}`);
    lines.push(`         ${finding.summary}`);
    for (const entry of finding.evidence) {
      const scope = entry.wholeHost ? `  [${english(WHOLE_HOST)}]` : '';
      lines.push(`           ${entry.signal}: ${entry.before} → ${entry.after} (${signed(entry.delta)})${scope}`);
    }
    lines.push('');
  }
  if (report.notChecked.length > 0) {
    lines.push(english(msg('Not checked:')));
    for (const entry of report.notChecked) lines.push(`  ${entry.what}: ${entry.why}${entry.how ? ` → ${entry.how}` : ''}`);
    lines.push('');
  }
  return lines.map(inline).join('\n');
}

/** A verdict about both ends of a flow for a terminal, as safe as {@link reportText}. */
export function bothEndsText(report: BothEndsReport): string {
  const names = { sender: report.sender, receiver: report.receiver };
  const lines = [report.summary, '', `${report.flow}  →  ${report.where}`, ''];
  for (const end of ['sender', 'receiver'] as const) {
    lines.push(english(end === 'sender' ? msg('Sender, {0}:', names.sender) : msg('Receiver, {0}:', names.receiver)));
    for (const entry of report.because.filter((each) => each.end === end)) {
      lines.push(`  ${entry.signal}: ${entry.before} → ${entry.after} (${signed(entry.delta)})`);
    }
    for (const finding of report.findings.filter((each) => each.end === end)) lines.push(`  ${finding.cause}: ${finding.summary}`);
    for (const entry of report.ends[end].notChecked) lines.push(`  ${english(msg('Not checked:'))} ${entry.what}: ${entry.why}${entry.how ? ` → ${entry.how}` : ''}`);
    lines.push('');
  }
  if (report.alternatives.length > 0) {
    lines.push(english(msg('Other flows between the two, for --flow:')), ...report.alternatives.slice(0, 20).map(({ flow }) => `  ${flow}`), '');
  }
  return lines.map(inline).join('\n');
}

/** A sample for a terminal, as safe as {@link reportText}: what was read, and what could not be. */
export function sampleText(sample: Sample): { readonly read: string; readonly unread: string } {
  const read: string[] = [];
  const unread: string[] = [];
  for (const [source, reading] of sample.readings) {
    if (reading.state === 'unreadable') {
      unread.push(`${source}: ${english(reading.why)}`);
      continue;
    }
    for (const [id, value] of [...reading.facts.counters, ...reading.facts.gauges, ...reading.facts.texts]) read.push(`${id} ${value}`);
    for (const row of reading.facts.rows) {
      const values = [...row.labels, ...row.counters, ...row.gauges].map(([name, value]) => `${name}=${value}`);
      read.push(`${row.table} ${row.key}: ${values.join(' ')}`);
    }
  }
  const text = (lines: readonly string[]): string => lines.map((line) => `${inline(line)}\n`).join('');
  return { read: text(read), unread: text(unread) };
}

/**
 * Data for programs. JSON escapes the first 32 control characters; those after 126 are obeyed by terminals too, and are
 * as well written in escapes.
 */
export function jsonText(value: unknown): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(value, null, 2).replace(/[\u007f-\u009f]/g, escaped)}\n`;
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
