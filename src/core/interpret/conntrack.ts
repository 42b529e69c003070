import { changeOf, parseCount } from '../count.js';
import { msg } from '../message.js';
import { fieldLines, percent, TableBuilder, toNumber, unknown } from './support.js';
import type { Interpreter, Mark } from './types.js';

/** Counters of /proc/net/stat/nf_conntrack that tell of loss (include/linux/netfilter/nf_conntrack_common.h). */
const MARKS: ReadonlyMap<string, Mark> = new Map<string, Mark>([
  ['drop', 'loss'],
  ['insert_failed', 'loss'],
  ['early_drop', 'risk'],
  ['error', 'risk'],
  ['icmp_error', 'risk'],
  ['invalid', 'harmless'],
  ['clashres', 'harmless'],
]);

/** `conntrack`: `count N`, `max N`, `buckets N`, then `stat NAME BEFORE AFTER`; or `absent`. */
export const interpretConntrack: Interpreter = ({ output }) => {
  const levels = new Map<string, number>();
  const moved = new Map<string, number>();
  const table = new TableBuilder(msg('Connection tracking'), [msg('Counter'), msg('Increase'), msg('Since boot')]);
  for (const [word = '', ...rest] of fieldLines(output)) {
    const value = toNumber(rest[0]);
    if (['count', 'max', 'buckets'].includes(word) && rest.length === 1 && value !== undefined) levels.set(word, value);
    const [name = '', beforeText = '', afterText = ''] = rest;
    const before = parseCount(beforeText);
    const after = parseCount(afterText);
    if (word !== 'stat' || rest.length !== 3 || before === undefined || after === undefined || !/^[a-z]\w{0,30}$/.test(name)) continue;
    const change = changeOf(before, after);
    const delta = change.kind === 'reset' ? undefined : change.delta;
    moved.set(name, delta ?? 0);
    const known = MARKS.get(name);
    if (known !== undefined) table.add(name, [name, delta === undefined ? '?' : String(delta), afterText], (delta ?? 0) > 0 ? known : null);
  }
  if (/^absent$/m.test(output.slice(0, 1_000))) {
    return { verdict: 'ok', sentence: msg('The nf_conntrack module is not loaded: there is no connection table that could be full.'), tables: [] };
  }
  const count = levels.get('count');
  const max = levels.get('max');
  if (count === undefined || max === undefined || max === 0) return unknown(msg('Cannot tell, because nf_conntrack_count and nf_conntrack_max could not be read.'));
  const tables = table.size === 0 ? [] : [table.build('worst-first')];
  const of = (name: string): number => moved.get(name) ?? 0;
  const used = percent(count, max);
  if (count >= max) return { verdict: 'loss', sentence: msg('The connection table is full: {0} of {1}. New connections are dropped.', count, max), tables };
  if (of('drop') > 0 && of('insert_failed') >= of('drop')) {
    return { verdict: 'loss', sentence: msg('{0} packets were dropped because two packets of one connection raced through NAT (insert_failed); the table is not full: {1} used.', of('drop'), used), tables };
  }
  if (of('drop') > 0) return { verdict: 'loss', sentence: msg('{0} packets were dropped by connection tracking; the table is {1} full.', of('drop'), used), tables };
  if (of('insert_failed') > 0) return { verdict: 'loss', sentence: msg('{0} new connections could not be entered (insert_failed); the table is {1} full.', of('insert_failed'), used), tables };
  if (of('early_drop') > 0) return { verdict: 'risk', sentence: msg('{0} old entries were thrown out to make room: the table is full now and then, {1} at the moment.', of('early_drop'), used), tables };
  if (count / max >= 0.8) return { verdict: 'risk', sentence: msg('The connection table is {0} full: {1} of {2}.', used, count, max), tables };
  return { verdict: 'ok', sentence: msg('The connection table is {0} full: {1} of {2}; nothing was dropped.', used, count, max), tables };
};
