import type { Evidence, Finding } from '../diagnosis/types.js';
import type { TableName } from '../facts.js';
import { english, msg } from '../message.js';
import { sourceOfSignal } from '../observe/origin.js';
import { findSource } from '../sources.js';

/** Beside a value that a namespace shares with all others. */
export const WHOLE_HOST = msg('whole host');
export const WHOLE_HOST_NOTE = msg('Counted for the whole host, not for this namespace alone.');

/** What the kernel counts once for the machine in a file that is otherwise the namespace's (net/ipv4/proc.c, sockstat_seq_show). */
const SHARED: ReadonlySet<string> = new Set(['sockstat.TCP.orphan', 'sockstat.TCP.alloc', 'sockstat.TCP.mem', 'sockstat.UDP.mem']);

/** Tables whose rows are of the machine: CPUs; drops that the trace saw, which does not tell the namespace. */
const SHARED_TABLES: ReadonlySet<string> = new Set<TableName>(['cpu', 'drop']);

/** Whether the rows of a table are the machine's, in whatever namespace they are read. */
export function isTableOfWholeHost(table: TableName): boolean {
  return SHARED_TABLES.has(table);
}

/** Whether a signal (`softnet.dropped`, or `cpu.dropped` for a value of a row) is the machine's, in whatever namespace it is read. */
export function isOfWholeHost(signal: string): boolean {
  if (SHARED.has(signal) || SHARED_TABLES.has(signal.split('.', 1)[0] ?? '') || isUnplaced(signal)) return true;
  const source = sourceOfSignal(signal);
  return source !== undefined && (findSource(source)?.scope ?? 'namespace') !== 'namespace';
}

/** What only says that something happened somewhere: in a finding it outweighs what else moved. */
function isUnplaced(signal: string): boolean {
  return /^(drop|dmesg|drop_trace)\./.test(signal);
}

/** Settings and ceilings do not say where something happened. */
const CEILING = /^sysctl\.|[._](max|limit|total)$/;

/**
 * Marks, in a namespace's diagnosis, what rests on the machine's counters alone, so that nobody looks for the fault in a
 * container because it is the neighbour's.
 */
export function marked(finding: Finding): Finding {
  const evidence = finding.evidence.map((entry): Evidence => (isOfWholeHost(entry.signal) ? { ...entry, wholeHost: true } : entry));
  if (!restsOnHost(evidence)) return { ...finding, evidence };
  return { ...finding, evidence, wholeHost: true, summary: english(msg('{0} ({1})', finding.summary, english(WHOLE_HOST_NOTE))) };
}

/** Whether a marked finding's counters may have moved for another namespace: not so of a drop that the trace saw, which names its place. */
export function isPerhapsAnothers({ wholeHost, evidence }: Finding): boolean {
  return wholeHost === true && !evidence.some(({ signal }) => isUnplaced(signal));
}

function restsOnHost(evidence: readonly Evidence[]): boolean {
  if (evidence.some(({ signal }) => isUnplaced(signal))) return true;
  const telling = evidence.filter(({ signal }) => !CEILING.test(signal));
  const moved = telling.filter(({ delta }) => delta !== 0);
  const decisive = moved.length > 0 ? moved : telling;
  return decisive.length > 0 && decisive.every(({ wholeHost }) => wholeHost === true);
}
