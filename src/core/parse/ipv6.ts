import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { lines, MAX_INTERFACES, MAX_NAME, note, noteEmpty, noteUnknown, RowLimit, words } from './text.js';

/** An address that another host in the network has too (include/uapi/linux/if_addr.h). */
const DADFAILED = 0x08;

/**
 * /proc/net/if_inet6: `ADDRESS INDEX PREFIX SCOPE FLAGS NAME`, all but the name hexadecimal (net/ipv6/addrconf.c,
 * if6_seq_show). Rows `interface`: gauges ipv6_addresses and ipv6_dadfailed.
 */
export function parseIfInet6(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_INTERFACES);
  let any = false;
  for (const line of lines(text)) {
    any = true;
    const [address = '', , , , flags = '', name = '', ...rest] = words(line.text);
    if (!/^[0-9a-f]{32}$/i.test(address) || !/^[0-9a-f]{1,8}$/i.test(flags) || name === '' || name.length > MAX_NAME || rest.length > 0) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.takeNamed(name)) break;
    const { gauges } = facts.row('interface', name);
    gauges.set('ipv6_addresses', (gauges.get('ipv6_addresses') ?? 0) + 1);
    gauges.set('ipv6_dadfailed', (gauges.get('ipv6_dadfailed') ?? 0) + ((Number.parseInt(flags, 16) & DADFAILED) === 0 ? 0 : 1));
  }
  if (!any) noteEmpty(facts);
  return facts;
}

/**
 * /proc/net/rt6_stats: seven hexadecimal numbers (net/ipv6/route.c, rt6_stats_seq_show). Gauges rt6.entries (routes) and
 * rt6.dst_entries, which net.ipv6.route.max_size limits before Linux 6.3.
 */
export function parseRt6Stats(text: string): Facts {
  const facts = new FactsBuilder();
  const fields = words(text.slice(0, 200).replaceAll('\n', ' '));
  if (fields.length < 6 || !fields.every((field) => /^[0-9a-f]{1,8}$/i.test(field))) {
    note(facts, msg('Not the numbers of the IPv6 routing table.'));
    return facts;
  }
  facts.gauges.set('rt6.entries', Number.parseInt(fields[3] ?? '', 16));
  facts.gauges.set('rt6.dst_entries', Number.parseInt(fields[5] ?? '', 16));
  return facts;
}
