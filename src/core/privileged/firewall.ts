import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { note } from '../parse/text.js';
import { isNftBackend, readSave, tablesOf } from './iptables.js';
import { readNft } from './nft.js';
import { Ruleset } from './ruleset.js';
import { sectionsOf, type Section } from './sections.js';

/**
 * The firewall rules of all tools: table `rule`, table `chain`. A rule that two tools show is listed once: in the words of
 * iptables where it was made with it, and those of the older back end only where the newer one is in use as well.
 */
export function parseFirewall(text: string): Facts {
  const facts = new FactsBuilder();
  const sections = new Map(sectionsOf(text).map((section) => [section.name, section]));
  const ruleset = new Ruleset();
  const shown = new Set<string>();
  let listed = 0;
  for (const [tool, family] of [['iptables', 'ip'], ['ip6tables', 'ip6']] as const) {
    const save = usable(sections.get(tool), facts);
    const legacy = usable(sections.get(`${tool}-legacy`), facts);
    const newer = save !== undefined && isNftBackend(save.lines);
    if (save !== undefined) {
      readSave(tool, save.lines, ruleset, facts);
      listed += 1;
      if (newer) for (const table of tablesOf(save.lines)) shown.add(`${family} ${table}`);
    }
    if (legacy !== undefined && (save === undefined || newer)) {
      readSave(`${tool}-legacy`, legacy.lines, ruleset, facts);
      listed += 1;
    }
  }
  const nft = usable(sections.get('nft'), facts);
  if (nft !== undefined) {
    readNft(nft.lines, shown, ruleset, facts);
    listed += 1;
  }
  ruleset.addTo(facts);
  if (listed > 0) facts.gauges.set('firewall.rules', ruleset.rules.length);
  else if (facts.problems.length === 0) note(facts, msg('Neither nft nor iptables-save is installed.'));
  return facts;
}

/** A section that can be read, also in part; one that failed is noted with what its command said. */
function usable(section: Section | undefined, facts: FactsBuilder): Section | undefined {
  if (section === undefined || section.status === 0) return section;
  if (section.status === undefined) {
    note(facts, msg('The list of {0} is too long and was cut off.', section.name));
    return section;
  }
  note(facts, msg('{0} failed (exit status {1}): {2}', section.name, section.status, (section.lines[0] ?? '').slice(0, 120)));
  return undefined;
}
