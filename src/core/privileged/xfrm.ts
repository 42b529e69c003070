import { parseCount } from '../count.js';
import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { addTo, note } from '../parse/text.js';
import { sectionsOf } from './sections.js';

/** Statistics of an IPsec state (struct xfrm_stats, include/uapi/linux/xfrm.h), as `ip -s xfrm state` prints them. */
const STATS = [
  ['replay_window', /\breplay-window (\d+)/],
  ['replay', /\breplay (\d+)/],
  ['failed', /\bfailed (\d+)/],
] as const;

/**
 * `ip -s xfrm state` and `ip -s xfrm policy`: counters `xfrm_sa.replay_window`, `xfrm_sa.replay`, `xfrm_sa.failed`
 * (packets refused, summed over the states), gauges `xfrm_sa.states`, `xfrm_sa.policies`, `xfrm_sa.block_policies`.
 */
export function parseXfrmSa(text: string): Facts {
  const facts = new FactsBuilder();
  for (const section of sectionsOf(text)) {
    if (section.status !== 0) note(facts, msg('ip xfrm failed (exit status {0}): {1}', section.status ?? '–', (section.lines[0] ?? '').slice(0, 120)));
    if (section.status !== undefined && section.status !== 0) continue;
    // Each state and policy begins with its selector at the margin; all that belongs to it is indented.
    const things = section.lines.filter((line) => /^src \S/.test(line)).length;
    if (section.name === 'policy') {
      facts.gauges.set('xfrm_sa.policies', things);
      facts.gauges.set('xfrm_sa.block_policies', section.lines.filter((line) => /^\s+.*\baction block\b/.test(line)).length);
      continue;
    }
    facts.gauges.set('xfrm_sa.states', things);
    for (const [name] of STATS) addTo(facts.counters, `xfrm_sa.${name}`, 0);
    let inStats = false;
    for (const line of section.lines) {
      // "replay-window" also stands among a state's settings; only what follows "stats:" is a count.
      if (/^\s+stats:/.test(line)) inStats = true;
      else if (/^\S/.test(line)) inStats = false;
      if (!inStats) continue;
      for (const [name, pattern] of STATS) {
        const count = parseCount(pattern.exec(line)?.[1] ?? '');
        if (count !== undefined) addTo(facts.counters, `xfrm_sa.${name}`, count);
      }
    }
  }
  return facts;
}
