import type { Diagnosis, NotChecked } from '../diagnosis/types.js';
import { msg } from '../message.js';
import type { WindowView } from '../observe/window.js';
import { DROP_TRACE, findPrivileged } from './sources.js';

/** Verdicts of rules that can lose a packet. */
const LOSING: ReadonlySet<string> = new Set(['drop', 'reject', 'queue']);

/** Adds what must be said beside the findings of root's sources: which rules nobody can count, and what the trace missed. */
export function withPrivilegedNotes(diagnosis: Diagnosis, view: WindowView): Diagnosis {
  return { ...diagnosis, notChecked: [...diagnosis.notChecked, ...uncounted(view), ...missedByTrace(view)] };
}

/** A rule without a counter may drop everything or nothing: the kernel keeps no number for it. */
function uncounted(view: WindowView): readonly NotChecked[] {
  const rules = [...(view.rows.get('rule')?.values() ?? [])].filter(
    ({ labels }) => labels.get('counted') === 'no' && LOSING.has(labels.get('verdict') ?? ''),
  );
  const first = rules[0];
  const source = findPrivileged('firewall');
  if (first === undefined || source === undefined) return [];
  return [
    {
      what: source.title,
      why: msg('{0} rules that drop have no counter, the first is {1}: {2}', rules.length, first.key, first.labels.get('rule') ?? ''),
      how: msg('Write “counter” before the verdict of such a rule to see how many packets it drops.'),
      essential: false,
      causes: [],
    },
  ];
}

function missedByTrace(view: WindowView): readonly NotChecked[] {
  const level = (name: string): number => view.levels.get(`drop_trace.${name}`)?.after ?? 0;
  const entry = (why: NotChecked['why']): NotChecked => ({ what: DROP_TRACE.title, why, how: undefined, essential: false, causes: [] });
  const lost = level('lost') > 0 ? [entry(msg('{0} events came faster than they could be counted', level('lost')))] : [];
  const stopped = level('stopped') > 0 ? [entry(msg('it was ended after {0} events, before the time was over', level('events')))] : [];
  return [...lost, ...stopped];
}
