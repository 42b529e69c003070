import { msg, type Message } from '../../message.js';
import type { Setting } from '../types.js';
import { DEVICE_WANTED } from './devices.js';
import { ethtoolWays, linkWays, qdiscWays } from './link.js';
import { routeWays } from './route.js';
import { RULE_WANTED, ruleWays } from './rule.js';
import { SYSCTL_WANTED, sysctlWays } from './sysctl.js';
import type { Author, Candidate, HostFacts, Kept, Wanted, Ways } from './types.js';

export type Candidates =
  | { readonly kind: 'candidates'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'refused'; readonly why: Message; readonly how: Message | undefined };

/** Hosts whose /etc is made from elsewhere; what is written there does not last. */
const NIXOS = '/etc/NIXOS';
const OSTREE_CONTAINER = '/run/.containerenv';
const DOCKER_CONTAINER = '/.dockerenv';

/** All that has to be read of a host to know how these settings can be kept. */
export function wantedFor(settings: readonly Setting[]): Wanted {
  const parts = settings.map((setting) => wantedOf(setting.kind));
  const all = <T>(pick: (part: Omit<Wanted, 'links'>) => readonly T[]): readonly T[] => [...new Set(parts.flatMap(pick))];
  return {
    files: all((part) => part.files),
    folders: all((part) => part.folders),
    present: [...all((part) => part.present), NIXOS, OSTREE_CONTAINER, DOCKER_CONTAINER],
    writable: all((part) => part.writable),
    programs: all((part) => part.programs),
    links: [...new Set(settings.flatMap((setting) => ('dev' in setting ? [setting.dev] : [])))],
  };
}

function wantedOf(kind: Setting['kind']): Omit<Wanted, 'links'> {
  switch (kind) {
    case 'sysctl':
      return SYSCTL_WANTED;
    case 'rule':
      return RULE_WANTED;
    case 'link':
    case 'qdisc':
    case 'route':
    case 'ethtool':
      return DEVICE_WANTED;
  }
}

/**
 * The files that would keep a change over a reboot on this host, the best first. What stands in one file is offered as
 * one edit. Refused when none of the settings can be kept; those that cannot be are named in the notes of the others.
 */
export function candidatesFor(settings: readonly Kept[], facts: HostFacts, author: Author): Candidates {
  if (facts.present.has(NIXOS)) {
    return {
      kind: 'refused',
      why: msg('This host is NixOS: its files are made anew from its configuration.'),
      how: msg('Put it into the configuration: boot.kernel.sysctl, networking.interfaces, networking.nftables.'),
    };
  }
  const found = settings.map((kept) => ({ kept, ways: waysOf(kept, facts, author) }));
  const paths = new Set(found.flatMap(({ ways }) => (ways.kind === 'ways' ? ways.ways.map(({ path }) => path) : [])));
  const isContainer = facts.present.has(DOCKER_CONTAINER) || facts.present.has(OSTREE_CONTAINER);
  const candidates = [...paths].flatMap((path): Candidate[] => {
    const before = textAt(path, facts);
    let after = before;
    let means = '';
    const notes = new Set<Message>();
    const kept: string[] = [];
    for (const one of found) {
      const way = one.ways.kind === 'ways' ? one.ways.ways.find((each) => each.path === path) : undefined;
      if (way === undefined) continue;
      after = way.edit(after);
      ({ means } = way);
      kept.push(one.kept.name);
      for (const note of way.notes) if (![...notes].some(({ text, args }) => text === note.text && args.join() === note.args.join())) notes.add(note);
    }
    if (after === null || after === before) return [];
    if (isContainer) notes.add(msg('This host is a container: its files are gone when it is made anew.'));
    if (kept.length < settings.length) notes.add(msg('It keeps only: {0}.', kept.join(', ')));
    for (const { ways } of found) if (ways.kind === 'refused') notes.add(ways.why);
    return [{ means, path, before, after, notes: [...notes] }];
  });
  if (candidates.length > 0) return { kind: 'candidates', candidates };
  const refusal = found.find(({ ways }) => ways.kind === 'refused')?.ways;
  if (refusal?.kind === 'refused') return { kind: 'refused', why: refusal.why, how: refusal.how };
  return { kind: 'refused', why: msg('It is kept over a reboot already, by {0}.', [...paths].join(', ')), how: undefined };
}

/** Files are known by the path under which they were found; edits go to where that leads. */
function textAt(path: string, { files }: HostFacts): string | null {
  const file = files.get(path) ?? [...files.values()].find(({ real }) => real === path);
  return file?.text ?? null;
}

function waysOf(kept: Kept, facts: HostFacts, author: Author): Ways {
  const { setting } = kept;
  switch (setting.kind) {
    case 'sysctl':
      return sysctlWays(kept, setting, facts, author);
    case 'link':
      return linkWays(kept, setting, facts, author);
    case 'qdisc':
      return qdiscWays(kept, setting, facts, author);
    case 'rule':
      return ruleWays(kept, setting, facts, author);
    case 'route':
      return routeWays(kept, setting, facts, author);
    case 'ethtool':
      return ethtoolWays(kept, setting, facts, author);
  }
}
