import { parseCount } from '../count.js';
import { FactsBuilder, type Facts, type MutableRow } from '../facts.js';
import { msg } from '../message.js';
import { MAX_INTERFACES, MAX_NAME, note, noteEmpty, RowLimit } from './text.js';

/** How an XDP program is attached, by number (include/uapi/linux/if_link.h, XDP_ATTACHED_*), in the words of `ip link`. */
const XDP_MODES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [1, 'xdp'],
  [2, 'xdpgeneric'],
  [3, 'xdpoffload'],
  [4, 'xdpmulti'],
]);

/**
 * `ip -j -s -s -d link show` (iproute2 ip/ipaddress.c). Rows `interface`: counters rx_otherhost_dropped (frames for
 * another MAC, Linux 5.19) and rx_nohandler; gauges num_rx_queues, num_tx_queues, promiscuity; labels kind, master,
 * link, qdisc, ifflags, xdp, and those of bridges, bonds and vxlan (`port_state`, `isolated`, `vlan_filtering`,
 * `bond_mii`, `lacp_partner`, `vni` …). `ip` leaves out these two counters when they are 0; they are taken as 0 only where
 * another attribute proves that kernel and tool know them: tso_max_size came with 5.19 too, gso_max_size with 4.16.
 */
export function parseIpLink(text: string): Facts {
  const facts = new FactsBuilder();
  if (text.trim() === '') {
    noteEmpty(facts);
    return facts;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    note(facts, msg('Not JSON: this version of ip is too old (before 4.15) or its output is cut off.'));
    return facts;
  }
  if (!Array.isArray(parsed)) {
    note(facts, msg('Not a list of interfaces.'));
    return facts;
  }
  const limit = new RowLimit(facts, MAX_INTERFACES);
  for (const [index, link] of (parsed as readonly unknown[]).entries()) {
    const name = own(link, 'ifname');
    // `ip` ends the list with empty objects for links that a filter left out.
    if (typeof link === 'object' && link !== null && Object.keys(link).length === 0) continue;
    if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) {
      note(facts, msg('Entry {0} has no interface name.', index + 1));
      continue;
    }
    if (!limit.take()) break;
    readLink(link, facts.row('interface', name), facts);
  }
  return facts;
}

function readLink(link: unknown, row: MutableRow, facts: FactsBuilder): void {
  for (const name of ['num_rx_queues', 'num_tx_queues', 'promiscuity']) {
    const value = own(link, name);
    if (typeof value === 'number' && Number.isFinite(value)) row.gauges.set(name, value);
    else if (value !== undefined) garbled(facts, row, name);
  }
  const words: readonly (readonly [label: string, value: unknown])[] = [
    ['kind', own(own(link, 'linkinfo'), 'info_kind')],
    ['master', own(link, 'master')],
    ['link', own(link, 'link')],
    ['qdisc', own(link, 'qdisc')],
  ];
  for (const [label, value] of words) {
    if (typeof value === 'string' && value.length <= MAX_NAME) row.labels.set(label, value);
    else if (value !== undefined && value !== null) garbled(facts, row, label);
  }
  const flags = own(link, 'flags');
  if (Array.isArray(flags)) {
    const known = (flags as readonly unknown[]).filter((flag): flag is string => typeof flag === 'string' && flag.length <= 32);
    row.labels.set('ifflags', known.slice(0, 64).join(','));
  } else if (flags !== undefined) garbled(facts, row, 'flags');

  readDetails(own(link, 'linkinfo'), row, facts);
  const xdp = own(link, 'xdp');
  if (typeof xdp === 'object' && xdp !== null) row.labels.set('xdp', XDP_MODES.get(own(xdp, 'mode')) ?? 'xdp');

  const received = own(own(link, 'stats64'), 'rx') ?? own(own(link, 'stats'), 'rx');
  if (received === undefined) return;
  readCounter('rx_otherhost_dropped', own(received, 'otherhost'), own(link, 'tso_max_size'));
  readCounter('rx_nohandler', own(received, 'nohandler'), own(link, 'gso_max_size'));

  function readCounter(name: string, value: unknown, proof: unknown): void {
    if (value === undefined) {
      if (proof !== undefined) row.counters.set(name, 0);
      return;
    }
    const count = typeof value === 'number' ? parseCount(String(value)) : undefined;
    if (count === undefined) garbled(facts, row, name);
    else row.counters.set(name, count);
  }
}

/**
 * What a bridge, its ports, a bond, its members and a vxlan say of themselves (iproute2 ip/iplink_bridge.c,
 * iplink_bridge_slave.c, iplink_bond.c, iplink_bond_slave.c, iplink_vxlan.c). Anything of another shape is left out.
 */
function readDetails(info: unknown, row: MutableRow, facts: FactsBuilder): void {
  const kind = own(info, 'info_kind');
  const data = own(info, 'info_data');
  const slave = own(info, 'info_slave_data');
  const found: (readonly [label: string, value: unknown])[] = [];
  if (own(info, 'info_slave_kind') === 'bridge') {
    found.push(['port_state', own(slave, 'state')], ['isolated', own(slave, 'isolated')], ['locked', own(slave, 'locked')]);
  } else if (own(info, 'info_slave_kind') === 'bond') {
    found.push(['bond_state', own(slave, 'state')], ['bond_mii', own(slave, 'mii_status')]);
    const failures = own(slave, 'link_failure_count');
    const count = typeof failures === 'number' ? parseCount(String(failures)) : undefined;
    if (count !== undefined) row.counters.set('bond_link_failures', count);
    else if (failures !== undefined) garbled(facts, row, 'link_failure_count');
  }
  if (kind === 'bridge') found.push(['vlan_filtering', own(data, 'vlan_filtering')], ['stp', own(data, 'stp_state')]);
  else if (kind === 'vxlan') found.push(['vni', own(data, 'id')]);
  else if (kind === 'bond') found.push(['bond_mode', own(data, 'mode')], ['lacp_partner', own(own(data, 'ad_info'), 'partner_mac')]);
  for (const [label, value] of found) {
    if (typeof value === 'string' && value.length <= 64) row.labels.set(label, value);
    else if (typeof value === 'boolean') row.labels.set(label, value ? 'on' : 'off');
    else if (typeof value === 'number' && Number.isFinite(value)) row.labels.set(label, String(value));
  }
}

function garbled(facts: FactsBuilder, row: MutableRow, name: string): void {
  note(facts, msg('The value "{0}" of interface {1} is not understood.', name, row.key));
}

/** An own property of what may be an object: the text is foreign, and so may be its shape. */
function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
