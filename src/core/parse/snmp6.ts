import { FactsBuilder, type Facts } from '../facts.js';
import { lines, MAX_VALUES, noteEmpty, noteUnknown, putCount, RowLimit, words } from './text.js';

/**
 * /proc/net/snmp6: one `Name value` a line (net/ipv6/proc.c). The group is split off behind its digit 6:
 * `Ip6InReceives` is `Ip6.InReceives`, `UdpLite6InDatagrams` is `UdpLite6.InDatagrams`.
 */
export function parseSnmp6(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_VALUES);
  let any = false;
  for (const line of lines(text)) {
    any = true;
    const [name = '', value, ...rest] = words(line.text);
    const match = /^([A-Za-z]{1,16}6)(\w{1,128})$/.exec(name);
    const [, group, rest6] = match ?? [];
    if (group === undefined || rest6 === undefined || value === undefined || rest.length > 0) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.take()) break;
    putCount(facts, facts.counters, `${group}.${rest6}`, value, line.number);
  }
  if (!any) noteEmpty(facts);
  return facts;
}
