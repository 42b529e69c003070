import { parseHexCount } from '../count.js';
import { FactsBuilder, type Facts, type Parser } from '../facts.js';
import { msg } from '../message.js';
import { addTo, lines, MAX_VALUES, note, noteEmpty, noteGarbled, noteUnknown, words } from './text.js';

/**
 * The files of /proc/net/stat: a header, then one line of hexadecimal 32-bit numbers a CPU (nf_conntrack_standalone.c,
 * neighbour.c, route.c). Counters are summed over the CPUs under the header's own names, `PREFIX.drop`; names differ
 * by kernel (`searched` became `clashres`). `entries` is the same level on every line: the gauge `PREFIX.entries`.
 */
export function perCpuParser(prefix: string): Parser {
  return (text: string): Facts => {
    const facts = new FactsBuilder();
    let names: readonly string[] | undefined;
    let any = false;
    for (const line of lines(text)) {
      any = true;
      const fields = words(line.text);
      if (names === undefined) {
        if (fields[0] === 'entries' && fields.length <= MAX_VALUES && fields.every((name) => /^\w{1,64}$/.test(name))) {
          names = fields;
          continue;
        }
        note(facts, msg('The header line is missing.'));
        return facts;
      }
      if (fields.length !== names.length) {
        noteUnknown(facts, line.number);
        continue;
      }
      for (const [index, name] of names.entries()) {
        const value = parseHexCount(fields[index] ?? '');
        if (value === undefined) noteGarbled(facts, line.number);
        else if (name !== 'entries') addTo(facts.counters, `${prefix}.${name}`, value);
        else if (!facts.gauges.has(`${prefix}.entries`)) facts.gauges.set(`${prefix}.entries`, Number(value));
      }
    }
    if (!any) noteEmpty(facts);
    else if (facts.counters.size === 0 && facts.problems.length === 0) note(facts, msg('There is no line of values below the header.'));
    return facts;
  };
}
