import { addCounts, parseCount, type Count } from '../count.js';
import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { addTo, lines, MAX_ROWS, note, noteGarbled, RowLimit, words } from './text.js';

/**
 * /proc/stat (proc(5)): `cpuN user nice system idle iowait irq softirq steal guest guest_nice` in clock ticks. Rows
 * `cpu`, key N: counters softirq_ticks, steal_ticks, idle_ticks, and cpu_ticks, the sum of the first eight (guest time is
 * part of user). Everything else in the file is left alone.
 */
export function parseProcStat(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_ROWS);
  for (const line of lines(text)) {
    const name = /^cpu(\d{1,6}) /.exec(line.text)?.[1];
    if (name === undefined) continue;
    const fields = words(line.text).slice(1, 9).map(parseCount);
    const values = fields.filter((value): value is Count => value !== undefined);
    if (values.length !== fields.length || values.length < 7) {
      noteGarbled(facts, line.number);
      continue;
    }
    if (!limit.take()) break;
    const row = facts.row('cpu', String(Number(name)));
    row.counters.set('idle_ticks', values[3] ?? 0);
    row.counters.set('softirq_ticks', values[6] ?? 0);
    if (values[7] !== undefined) row.counters.set('steal_ticks', values[7]);
    row.counters.set('cpu_ticks', values.reduce((a, b) => addCounts(a, b), 0));
  }
  if (facts.rows.length === 0) note(facts, msg('There is no line of a CPU.'));
  return facts;
}

/**
 * cpu.stat of the control group at the root of what is visible: in a container that is its own (Documentation/
 * admin-guide/cgroup-v2.rst, sched-bwc.rst). Counters cgroup.nr_periods and cgroup.nr_throttled.
 */
export function parseCgroupCpu(text: string): Facts {
  const facts = new FactsBuilder();
  for (const line of lines(text)) {
    const [name = '', value = '', ...rest] = words(line.text);
    const count = parseCount(value);
    if (!/^[a-z_.]{1,40}$/.test(name) || count === undefined || rest.length > 0) {
      noteGarbled(facts, line.number);
      continue;
    }
    if (name === 'nr_periods' || name === 'nr_throttled') facts.counters.set(`cgroup.${name}`, count);
    // So that a group without a limit, which has no such lines, is told from a file that could not be understood.
    else if (name === 'usage_usec') facts.counters.set('cgroup.usage_usec', count);
  }
  if (facts.counters.size === 0) note(facts, msg('Not the CPU statistics of a control group.'));
  return facts;
}

/**
 * /proc/vmstat (mm/vmstat.c): `NAME VALUE` a line. Counters vmstat.oom_kill (Linux 4.13) and vmstat.allocstall, the sum
 * of its zones: how often an allocation had to wait for memory to be freed.
 */
export function parseVmstat(text: string): Facts {
  const facts = new FactsBuilder();
  for (const line of lines(text)) {
    const [name = '', value = '', ...rest] = words(line.text);
    const counter = name === 'oom_kill' ? 'vmstat.oom_kill' : /^allocstall(_\w{1,20})?$/.test(name) ? 'vmstat.allocstall' : undefined;
    if (counter === undefined) continue;
    const count = parseCount(value);
    if (count === undefined || rest.length > 0) noteGarbled(facts, line.number);
    else addTo(facts.counters, counter, count);
  }
  if (facts.counters.size === 0) note(facts, msg('There is no line about memory.'));
  return facts;
}
