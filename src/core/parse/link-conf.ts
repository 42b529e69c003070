import { FactsBuilder, type Facts } from '../facts.js';
import { LINK_SETTINGS } from '../settings.js';
import { lines, MAX_INTERFACES, MAX_NAME, noteGarbled, noteEmpty, noteUnknown, parseLevel, RowLimit } from './text.js';

const KNOWN: ReadonlySet<string> = new Set(LINK_SETTINGS);

/**
 * Settings of each interface as grep prints them: `ipv4/conf/eth0/rp_filter:1`, `ipv6/conf/eth0/disable_ipv6:0`
 * (Documentation/networking/ip-sysctl.rst). Rows `interface`: gauges `ipv4_rp_filter`, `ipv6_disable_ipv6` … The
 * pseudo interfaces `all` and `default` are settings of the host: gauges `conf.ipv4.all.rp_filter` …
 */
export function parseLinkConf(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_INTERFACES);
  let any = false;
  for (const line of lines(text)) {
    any = true;
    const [, family = '', name = '', setting = '', value = ''] = /^(?:\.\/)?(ipv[46])\/conf\/([^/]{1,300})\/(\w{1,64}):(.{0,64})$/.exec(line.text) ?? [];
    if (name === '' || name.length > MAX_NAME || !KNOWN.has(`${family}/${setting}`)) {
      noteUnknown(facts, line.number);
      continue;
    }
    const level = parseLevel(value.trim());
    if (level === undefined) {
      noteGarbled(facts, line.number);
      continue;
    }
    if (name === 'all' || name === 'default') {
      facts.gauges.set(`conf.${family}.${name}.${setting}`, level);
      continue;
    }
    if (!limit.takeNamed(name)) break;
    facts.row('interface', name).gauges.set(`${family}_${setting}`, level);
  }
  if (!any) noteEmpty(facts);
  return facts;
}
