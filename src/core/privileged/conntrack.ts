import { parseCount } from '../count.js';
import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { addTo, note } from '../parse/text.js';
import { sectionsOf } from './sections.js';

/** `conntrack -S`: one line `cpu=N name=value …` a CPU (conntrack(8)); counters `conntrack_s.drop` … summed over CPUs. */
export function parseConntrackS(text: string): Facts {
  const facts = new FactsBuilder();
  for (const section of sectionsOf(text)) {
    if (section.status !== 0) note(facts, msg('conntrack failed (exit status {0}): {1}', section.status ?? '–', (section.lines[0] ?? '').slice(0, 120)));
    for (const line of section.lines) {
      if (!line.startsWith('cpu=')) continue;
      for (const field of line.split(/[ \t]+/).slice(1, 64)) {
        const [, name, value = ''] = /^([a-z_]{1,32})=(\d+)$/.exec(field) ?? [];
        const count = parseCount(value);
        if (name !== undefined && count !== undefined) addTo(facts.counters, `conntrack_s.${name}`, count);
      }
    }
  }
  return facts;
}
