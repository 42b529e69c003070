import { FactsBuilder, type Facts, type Parser } from '../facts.js';
import { lines, MAX_VALUES, noteEmpty, noteUnknown, putLevel, RowLimit, words } from './text.js';

/**
 * /proc/net/sockstat and sockstat6: `TCP: inuse 9 orphan 0 …` (net/ipv4/proc.c, net/ipv6/proc.c). Gauges
 * `PREFIX.TCP.inuse`. `mem` counts pages, `FRAG memory` bytes. Which of them are of the namespace and which of the
 * machine: TCP orphan, alloc, mem and UDP mem are of the machine.
 */
export function sockstatParser(prefix: 'sockstat' | 'sockstat6'): Parser {
  return (text: string): Facts => {
    const facts = new FactsBuilder();
    const limit = new RowLimit(facts, MAX_VALUES);
    let any = false;
    for (const line of lines(text)) {
      any = true;
      const [head = '', ...fields] = words(line.text);
      if (!/^\w{1,32}:$/.test(head) || fields.length % 2 !== 0) {
        noteUnknown(facts, line.number);
        continue;
      }
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const name = fields[i] ?? '';
        if (!/^\w{1,64}$/.test(name)) noteUnknown(facts, line.number);
        else if (limit.take()) putLevel(facts, facts.gauges, `${prefix}.${head.slice(0, -1)}.${name}`, fields[i + 1] ?? '', line.number);
      }
    }
    if (!any) noteEmpty(facts);
    return facts;
  };
}
