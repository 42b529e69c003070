import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { lines, MAX_NAME, MAX_VALUES, note, noteEmpty, noteGarbled, putCount, putLevel, words } from './text.js';

/** Values of /proc/net/snmp that are settings or levels, not counters (net/ipv4/proc.c, snmp4_ipstats_list and snmp4_tcp_list). */
const LEVELS: ReadonlySet<string> = new Set([
  'Ip.Forwarding',
  'Ip.DefaultTTL',
  'Tcp.RtoAlgorithm',
  'Tcp.RtoMin',
  'Tcp.RtoMax',
  'Tcp.MaxConn',
  'Tcp.CurrEstab',
]);

/**
 * /proc/net/netstat and /proc/net/snmp: pairs of lines, names above values, each beginning with the group's name
 * (net/ipv4/proc.c). Columns differ between kernels, so names come from the text. Signals are `GROUP.Name`, e.g.
 * `TcpExt.ListenOverflows`. A pair whose columns do not match is left out: its values cannot be told apart.
 */
export function parseNetstat(text: string): Facts {
  const facts = new FactsBuilder();
  let header: { readonly group: string; readonly number: number; readonly names: readonly string[] } | undefined;
  let any = false;

  for (const line of lines(text)) {
    any = true;
    const colon = line.text.indexOf(':');
    const group = line.text.slice(0, Math.max(colon, 0));
    if (!/^[A-Za-z0-9]{1,32}$/.test(group)) {
      note(facts, msg('Line {0}: does not begin with the name of a group.', line.number));
      header = undefined;
      continue;
    }
    const fields = words(line.text.slice(colon + 1));
    if (header?.group !== group) {
      if (header) note(facts, msg('Line {0}: the values of this group are missing.', header.number));
      header = { group, number: line.number, names: fields };
      continue;
    }
    const { names } = header;
    header = undefined;
    if (names.length !== fields.length) {
      note(facts, msg('Line {0}: {1} values for {2} names; the group is left out.', line.number, fields.length, names.length));
      continue;
    }
    for (const [index, name] of names.entries()) {
      const value = fields[index];
      if (value === undefined || index >= MAX_VALUES) break;
      if (name.length > MAX_NAME || !/^\w+$/.test(name)) {
        noteGarbled(facts, line.number - 1);
        continue;
      }
      const signal = `${group}.${name}`;
      if (LEVELS.has(signal)) putLevel(facts, facts.gauges, signal, value, line.number);
      else putCount(facts, facts.counters, signal, value, line.number);
    }
  }
  if (header) note(facts, msg('Line {0}: the values of this group are missing.', header.number));
  if (!any) noteEmpty(facts);
  return facts;
}
