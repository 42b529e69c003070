import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { KeyNumbers, lines, MAX_NAME, MAX_ROWS, note, noteUnknown, parseLevel, RowLimit, words } from './text.js';

/** What `ip route` and `ip rule` call an entry that refuses packets (iproute2 lib/rt_names.c, rtnl_rtntype_n2a). */
const REFUSING: ReadonlySet<string> = new Set(['blackhole', 'unreachable', 'prohibit', 'throw']);

/** Protocols of routing daemons and agents, which make such routes on purpose (/etc/iproute2/rt_protos). */
const DAEMONS: ReadonlySet<string> = new Set([
  'gated', 'ra', 'mrt', 'zebra', 'bird', 'dnrouted', 'xorp', 'ntk', 'mrouted', 'keepalived', 'babel', 'openr', 'bgp', 'isis', 'ospf', 'rip', 'eigrp', '80',
]);

/** The metric of the kernel's own IPv6 entry that ends the table: not a decision of anybody (net/ipv6/route.c). */
const KERNEL_END = '4294967295';

/**
 * Routes and rules that refuse packets, one a line behind the word of the family: `ipv4 blackhole 10.0.0.0/8 proto
 * static`, `ipv6 32765: from all to fd00::/8 prohibit`. Rows `route`, key `FAMILY TYPE DESTINATION[ table NAME]` or
 * `FAMILY rule PREFERENCE`; labels family, type, destination, table, proto, and `maker`: `daemon` or `person`. Ends with
 * `droplens-refusing LEFT_OUT`, or `droplens-refusing many` where the table of routes is too large to be listed.
 * Gauges routes.left_out, routes.listed (0 or 1).
 */
export function parseRoutes(text: string): Facts {
  const facts = new FactsBuilder();
  const keys = new KeyNumbers();
  const limit = new RowLimit(facts, MAX_ROWS);
  let ended = false;
  for (const line of lines(text)) {
    const [family = '', first = '', ...rest] = words(line.text);
    if (family === 'droplens-refusing') {
      ended = true;
      const left = parseLevel(first);
      facts.gauges.set('routes.listed', first === 'many' ? 0 : 1);
      facts.gauges.set('routes.left_out', left ?? 0);
      if (left === undefined && first !== 'many') noteUnknown(facts, line.number);
      continue;
    }
    if (family !== 'ipv4' && family !== 'ipv6') noteUnknown(facts, line.number);
    else if (!limit.take()) break;
    else if (!(REFUSING.has(first) ? route(facts, keys, family, first, rest) : rule(facts, keys, family, first, rest))) noteUnknown(facts, line.number);
  }
  if (!ended) note(facts, msg('The list of routes is cut off.'));
  return facts;
}

function route(facts: FactsBuilder, keys: KeyNumbers, family: string, type: string, rest: readonly string[]): boolean {
  const [destination = '', ...options] = rest;
  if (!isPrefix(destination)) return false;
  if (after(options, 'metric') === KERNEL_END) return true;
  const table = after(options, 'table') ?? 'main';
  const proto = after(options, 'proto') ?? 'boot';
  const row = facts.row('route', keys.next(`${family} ${type} ${destination}${table === 'main' ? '' : ` table ${table}`}`));
  row.labels.set('family', family);
  row.labels.set('type', type);
  row.labels.set('destination', destination);
  row.labels.set('table', table);
  row.labels.set('proto', proto);
  row.labels.set('maker', DAEMONS.has(proto) ? 'daemon' : 'person');
  return true;
}

/** `32765: from all to 10.9.0.0/16 prohibit`. */
function rule(facts: FactsBuilder, keys: KeyNumbers, family: string, first: string, rest: readonly string[]): boolean {
  const preference = /^(\d{1,10}):$/.exec(first)?.[1];
  // What follows iif or oif is an interface, which may be called anything.
  const type = rest.find((word, index) => REFUSING.has(word) && !/^[io]if$/.test(rest[index - 1] ?? ''));
  if (preference === undefined || type === undefined || rest.length > 64) return false;
  const row = facts.row('route', keys.next(`${family} rule ${preference}`));
  row.labels.set('family', family);
  row.labels.set('type', type);
  row.labels.set('destination', rest.filter((word) => word !== type).join(' ').slice(0, MAX_NAME));
  row.labels.set('table', 'rule');
  row.labels.set('proto', 'rule');
  row.labels.set('maker', 'person');
  return true;
}

function isPrefix(text: string): boolean {
  return text === 'default' || /^[0-9a-f:.]{2,45}(?:\/\d{1,3})?$/i.test(text);
}

function after(options: readonly string[], word: string): string | undefined {
  const index = options.indexOf(word);
  const value = index < 0 ? undefined : options[index + 1];
  return value === undefined || value.length > MAX_NAME ? undefined : value;
}
