import { changeOf } from '../count.js';
import type { Row } from '../facts.js';
import { msg, type Message } from '../message.js';
import { parserFor } from '../parse/index.js';
import { readings, TableBuilder, unknown } from './support.js';
import type { Interpreter, Mark } from './types.js';

/** Disciplines that drop early on purpose, to keep the delay low. */
const ACTIVE: ReadonlySet<string> = new Set(['fq_codel', 'codel', 'cake', 'pie', 'fq_pie', 'red', 'sfb', 'choke', 'dualpi2']);

function increase(name: string, before: Row | undefined, after: Row): number {
  const from = before?.counters.get(name);
  const to = after.counters.get(name);
  if (from === undefined || to === undefined) return 0;
  const change = changeOf(from, to);
  return change.kind === 'reset' ? 0 : change.delta;
}

/** `tc-qdisc`: `tc -s qdisc`, once (totals: no verdict from them) or twice. */
export const interpretTcQdisc: Interpreter = ({ output, exit }) => {
  const parse = parserFor('tc_qdisc');
  const [firstText, secondText] = readings(output);
  const first = parse?.(firstText).rows ?? [];
  const rows = secondText === undefined ? first : (parse?.(secondText).rows ?? []);
  if (rows.length === 0) {
    return output.trim() === '' && exit === 0
      ? { verdict: 'ok', sentence: msg('No interface has a queueing discipline.'), tables: [] }
      : unknown(msg('Cannot tell, because tc printed no queueing discipline.'));
  }
  const earlier = new Map(first.map((row) => [row.key, row]));
  const table = new TableBuilder(msg('Queueing disciplines'), [msg('Interface'), msg('Qdisc'), msg('Dropped while watching'), msg('Dropped since boot'), msg('Waiting'), msg('Remark')]);
  // A parent shows the drops of its children as well: where a child of the same interface dropped, the child is named.
  const childDrops = new Set<string>();
  if (secondText !== undefined) {
    for (const row of rows) if (row.labels.get('parent') !== 'root' && increase('dropped', earlier.get(row.key), row) > 0) childDrops.add(row.labels.get('dev') ?? '');
  }
  let gravest: { readonly mark: Mark; readonly dev: string; readonly kind: string; readonly dropped: number } | undefined;
  for (const row of rows) {
    const dev = row.labels.get('dev') ?? '';
    const kind = row.labels.get('kind') ?? '';
    const before = earlier.get(row.key);
    const dropped = secondText === undefined ? 0 : increase('dropped', before, row);
    const isParent = row.labels.get('parent') === 'root' && childDrops.has(dev);
    let mark: Mark | null = null;
    let remark: Message | '' = '';
    if (dropped > 0 && isParent) remark = msg('counts what its children dropped');
    else if (dropped > 0 && ACTIVE.has(kind) && increase('drop_overlimit', before, row) === 0) {
      mark = 'harmless';
      remark = msg('drops early on purpose to keep the delay low');
    } else if (dropped > 0) {
      mark = 'loss';
      remark = kind === 'netem' ? msg('netem drops by design: is it left over from a test?') : msg('the queue was full, or a rate was exceeded');
    } else if (kind === 'netem') {
      mark = 'risk';
      remark = msg('netem drops or delays by design: is it left over from a test?');
    } else if (increase('overlimits', before, row) > 0) remark = msg('shaped: packets waited, none was dropped');
    table.add(
      row.key,
      [dev, kind, secondText === undefined ? '?' : String(dropped), String(row.counters.get('dropped') ?? '?'), String(row.gauges.get('backlog_packets') ?? '?'), remark],
      mark,
    );
    if (mark !== null && (gravest === undefined || rank(mark) < rank(gravest.mark) || (mark === gravest.mark && dropped > gravest.dropped))) {
      gravest = { mark, dev, kind, dropped };
    }
  }
  const tables = [table.build('worst-first')];
  if (!gravest) {
    return {
      verdict: 'ok',
      sentence: secondText === undefined ? msg('These are totals since the qdiscs were made; they prove nothing about now. Watch what moves.') : msg('No queueing discipline dropped a packet while watching.'),
      tables,
    };
  }
  const { mark, dev, kind, dropped } = gravest;
  if (mark === 'harmless') return { verdict: mark, sentence: msg('{0}: {1} dropped {2} packets on purpose, to keep the delay low.', dev, kind, dropped), tables };
  if (dropped === 0) return { verdict: mark, sentence: msg('{0}: a netem qdisc is set; it loses or delays packets by design.', dev), tables };
  return { verdict: mark, sentence: msg('{0}: the queueing discipline {1} dropped {2} packets while watching. ifconfig and ip do not show them.', dev, kind, dropped), tables };
};

const rank = (mark: Mark): number => ['loss', 'risk', 'unknown', 'harmless', 'ok'].indexOf(mark);
