import { addCounts, parseCount, type Count } from '../count.js';
import { FactsBuilder, type Facts } from '../facts.js';
import { english, msg } from '../message.js';
import { lines, note, RowLimit } from '../parse/text.js';
import { benignWhy } from './benign.js';

/** Pairs that one trace may show. */
const MOST_PAIRS = 500;

/**
 * What the drop trace counted: table `drop`, one row for each pair of reason and function, key `REASON@function`, counter
 * `events`, labels `reason`, `function`, `module`, `benign` (`yes`, `no`) and `meaning` (why it is harmless). Gauges
 * `drop_trace.events`, `drop_trace.lost` (events that the buffer could not hold) and `drop_trace.stopped` (1 when the most
 * events were counted before the window was over).
 *
 * Lines: `droplens-drop COUNT REASON LOCATION` of the tally on the host; entries of a histogram as the kernel prints them
 * (Documentation/trace/histogram.rst), whose reasons are numbers that differ between kernels and are looked up in
 * `droplens-format`, the event's own description; `droplens-symbol ADDRESS NAME`; `droplens-trace WORD VALUE`.
 */
export function parseDropTrace(text: string): Facts {
  const facts = new FactsBuilder();
  const counts = new Map<string, { reason: string; location: string; count: Count }>();
  const symbols = new Map<string, string>();
  const add = (reason: string, location: string, count: Count): void => {
    const id = `${reason} ${location}`;
    const known = counts.get(id);
    if (known !== undefined) known.count = addCounts(known.count, count);
    else if (counts.size < 10_000) counts.set(id, { reason, location, count });
  };
  let names: ReadonlyMap<string, string> = new Map();
  let ended = false;
  for (const { text: line } of lines(text)) {
    const drop = /^droplens-drop (\d{1,15}) (\S{1,64}) (\S{1,200})$/.exec(line);
    const count = parseCount(drop?.[1] ?? '');
    if (drop && count !== undefined) {
      add(drop[2] ?? '-', drop[3] ?? '?', count);
      continue;
    }
    const entry = /^\{(.*)\} hitcount: +(\d{1,15})/.exec(line);
    if (entry) {
      const keys = entry[1] ?? '';
      const hits = parseCount(entry[2] ?? '');
      const reason = /(?:^|[\s,])reason: +(\d+)/.exec(keys)?.[1];
      const location = /(?:^|[\s,])location: +\[[0-9a-f]+\] (\S+)(?: +(\[\w+\]))?/.exec(keys);
      if (hits !== undefined) add(reason === undefined ? '-' : (names.get(reason) ?? `0x${Number(reason).toString(16)}`), location?.[1] ?? '?', hits);
      continue;
    }
    if (line.startsWith('droplens-format ')) names = reasonNames(line);
    const symbol = /^droplens-symbol (?:0x)?([0-9a-f]{1,16}) (\S{1,200})$/.exec(line);
    if (symbol) symbols.set(symbol[1] ?? '', symbol[2] ?? '');
    const value = /^droplens-trace (lost|stopped) (\d{1,15})$/.exec(line);
    if (value) facts.gauges.set(`drop_trace.${value[1] ?? ''}`, Number(value[2]));
    if (line === 'droplens-trace end') ended = true;
    const dropped = /^ {4}Dropped: (\d{1,15})$/.exec(line)?.[1];
    if (dropped !== undefined) facts.gauges.set('drop_trace.lost', Number(dropped));
  }
  if (!ended) note(facts, msg('The trace was cut off.'));
  let total = 0;
  const limit = new RowLimit(facts, MOST_PAIRS);
  for (const { reason, location, count } of [...counts.values()].sort((a, b) => Number(b.count) - Number(a.count))) {
    total += Number(count);
    const place = placeOf(symbols.get(location.replace(/^0x/, '')) ?? location);
    const key = `${reason}@${place}`;
    if (!limit.take()) continue;
    const row = facts.row('drop', key);
    const why = benignWhy(reason, place);
    row.labels.set('reason', reason);
    row.labels.set('function', place);
    row.labels.set('benign', why === undefined ? 'no' : 'yes');
    row.labels.set('meaning', why === undefined ? '' : english(why));
    row.counters.set('events', addCounts(row.counters.get('events') ?? 0, count));
  }
  if (ended) facts.gauges.set('drop_trace.events', total);
  return facts;
}

/** The function's name alone: no offset, no module, none of the parts that compilers put behind a dot. */
function placeOf(location: string): string {
  return location.replace(/\+0x.*$/, '').replace(/\.(?:isra|part|constprop|cold|llvm)(?:\.\d+)*/g, '') || '?';
}

/** Names of reasons by number, from the event's `print fmt: … __print_symbolic(REC->reason, { 2, "NOT_SPECIFIED" }, …)`. */
function reasonNames(format: string): ReadonlyMap<string, string> {
  const list = /__print_symbolic\(REC->reason,(.*)\)/.exec(format)?.[1] ?? '';
  return new Map([...list.matchAll(/\{ ?(\d{1,10}), "(\w{1,64})" ?\}/g)].map((pair) => [pair[1] ?? '', pair[2] ?? '']));
}
