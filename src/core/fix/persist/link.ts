import { msg } from '../../message.js';
import type { Setting } from '../types.js';
import { ifupdown, isNetplan, isPlainName, managerOf, netplan, networkd, networkManager, nobodyKeeps, udev } from './devices.js';
import type { Author, HostFacts, Kept, Ways } from './types.js';

type Link = Extract<Setting, { kind: 'link' }>;
type Qdisc = Extract<Setting, { kind: 'qdisc' }>;
type Ethtool = Extract<Setting, { kind: 'ethtool' }>;

/** An attribute of an interface, where the program that configures the interface keeps it. */
export function linkWays(kept: Kept, { dev, attribute }: Link, facts: HostFacts, author: Author): Ways {
  if (!isPlainName(dev)) return oddName(dev);
  if (attribute === 'state') {
    const manager = managerOf(dev, facts);
    return {
      kind: 'refused',
      why: manager === undefined ? msg('No program was found on this host that brings {0} up at boot.', dev) : msg('Whether {0} is up at boot is decided by {1}, together with its addresses.', dev, manager),
      how: msg('Have it brought up there.'),
    };
  }
  const command = `ip link set dev ${dev} ${attribute} ${kept.value}`;
  const stanza = { command, begins: `ip link set dev ${dev} ${attribute}` };
  // What configures an interface sets its mtu again when it brings it up; the length of its queue nobody touches.
  if (attribute === 'txqueuelen') {
    return firstOf(kept, dev, [udev(kept, dev, { begins: 'ATTR{tx_queue_len}="', value: kept.value }, facts, author), ifupdown(kept, dev, stanza, facts, author)]);
  }
  if (isNetplan(dev, facts)) {
    const way = netplan(kept, dev, facts, author);
    if (way !== undefined) return { kind: 'ways', ways: [way] };
    return { kind: 'refused', why: msg('{0} is configured by netplan, whose definition of it could not be found.', dev), how: msg('Add “mtu: {0}” to it in a file of /etc/netplan.', kept.value) };
  }
  const manager = managerOf(dev, facts);
  const managed =
    networkd(kept, dev, { section: 'Link', key: 'MTUBytes', value: kept.value }, facts, author) ??
    networkManager(kept, dev, kept.value, facts, author) ??
    ifupdown(kept, dev, { ...stanza, option: 'mtu' }, facts, author);
  if (managed === undefined && manager === 'NetworkManager') {
    return {
      kind: 'refused',
      why: msg('NetworkManager keeps the connection of {0} in a file that cannot be shown or changed here: it holds secrets, or is not below /etc.', dev),
      how: msg('nmcli connection modify {0} ethernet.mtu {1}', facts.links.get(dev)?.connection?.uuid ?? '', kept.value),
    };
  }
  return firstOf(kept, dev, [managed ?? udev(kept, dev, { begins: 'ATTR{mtu}="', value: kept.value }, facts, author)]);
}

/** Sections of a `.network` file for queueing disciplines, and how they call their limit (systemd.network(5)); sfq has none there. */
const SECTIONS: ReadonlyMap<string, readonly [section: string, key: string]> = new Map([
  ['pfifo', ['PFIFO', 'PacketLimit']],
  ['bfifo', ['BFIFO', 'LimitBytes']],
  ['codel', ['ControlledDelay', 'PacketLimit']],
  ['fq_codel', ['FairQueueingControlledDelay', 'PacketLimit']],
  ['fq', ['FairQueueing', 'PacketLimit']],
  ['pie', ['PIE', 'PacketLimit']],
  ['fq_pie', ['FlowQueuePIE', 'PacketLimit']],
]);

/** The limit of an interface's own queueing discipline. */
export function qdiscWays(kept: Kept, { dev, parent }: Qdisc, facts: HostFacts, author: Author): Ways {
  if (!isPlainName(dev)) return oddName(dev);
  const [kind = ''] = kept.state.split(' ');
  if (parent !== 'root' || !/^[a-z_]+$/.test(kind)) {
    return { kind: 'refused', why: msg('The queueing discipline at {0} of {1} belongs to a tree that a program of this host builds.', parent, dev), how: msg('Give it “limit {0}” there.', kept.value) };
  }
  const command = `tc qdisc replace dev ${dev} root ${kind} limit ${kept.value}`;
  const [section, key] = SECTIONS.get(kind) ?? [];
  const native = section === undefined || key === undefined || isNetplan(dev, facts) ? undefined : networkd(kept, dev, { section, more: ['Parent=root'], key, value: kept.value }, facts, author);
  const program = facts.programs.get('tc');
  const rule = program === undefined ? undefined : udev(kept, dev, { begins: `RUN+="${program} qdisc replace dev ${dev} root `, value: `${kind} limit ${kept.value}` }, facts, author);
  return firstOf(kept, dev, [native ?? ifupdown(kept, dev, { command, begins: `tc qdisc replace dev ${dev} root` }, facts, author), rule]);
}

const OPTIONS: Readonly<Record<Ethtool['group'], string>> = { ring: '-G', feature: '-K', channels: '-L' };

/** A setting of a driver: udev has ethtool make it when the interface appears. */
export function ethtoolWays(kept: Kept, { dev, group, name }: Ethtool, facts: HostFacts, author: Author): Ways {
  if (!isPlainName(dev)) return oddName(dev);
  const words = `${OPTIONS[group]} ${dev} ${name}`;
  const program = facts.programs.get('ethtool');
  const rule = program === undefined ? undefined : udev(kept, dev, { begins: `RUN+="${program} ${words} `, value: kept.value }, facts, author);
  return firstOf(kept, dev, [rule, ifupdown(kept, dev, { command: `ethtool ${words} ${kept.value}`, begins: `ethtool ${words}` }, facts, author)]);
}

function firstOf(kept: Kept, dev: string, ways: readonly (ReturnType<typeof udev>)[]): Ways {
  const [way] = ways.filter((one) => one !== undefined);
  return way === undefined ? { kind: 'refused', why: nobodyKeeps(kept, dev) } : { kind: 'ways', ways: [way] };
}

function oddName(dev: string): Ways {
  return { kind: 'refused', why: msg('The name {0} means something else in the files in which it would stand.', dev) };
}
