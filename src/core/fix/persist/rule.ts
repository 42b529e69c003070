import { msg, type Message } from '../../message.js';
import { uncounted } from '../sameRule.js';
import type { RuleName, Setting } from '../types.js';
import { comment, linesOf, replaced } from './lines.js';
import { isWritable } from './sysctl.js';
import type { Author, HostFacts, HostFile, Kept, Wanted, Ways } from './types.js';

type Rule = Extract<Setting, { kind: 'rule' }>;

/** Files from which services load rulesets at boot: nftables of Debian and of Fedora, then those of iptables. */
const NFT_ROOTS = ['/etc/nftables.conf', '/etc/sysconfig/nftables.conf', '/etc/nftables.nft'];
const SAVED: Readonly<Record<4 | 6, readonly string[]>> = {
  4: ['/etc/iptables/rules.v4', '/etc/iptables/rules-save', '/etc/sysconfig/iptables', '/etc/iptables/iptables.rules'],
  6: ['/etc/iptables/rules.v6', '/etc/iptables/rules6-save', '/etc/sysconfig/ip6tables', '/etc/iptables/ip6tables.rules'],
};

export const RULE_WANTED: Omit<Wanted, 'links'> = {
  files: [...NFT_ROOTS, ...SAVED[4], ...SAVED[6]],
  folders: [
    { path: '/etc/nftables', suffix: '.nft' },
    { path: '/etc/nftables.d', suffix: '.nft' },
    { path: '/etc/nftables.d', suffix: '.conf' },
  ],
  present: [],
  writable: ['/etc', '/etc/nftables', '/etc/nftables.d', '/etc/iptables', '/etc/sysconfig'],
  programs: [],
};

/** The line of a ruleset's file in which the rule stands, with what it is at present in its place. */
export function ruleWays(kept: Kept, { rule }: Rule, facts: HostFacts, author: Author): Ways {
  const places = filesFor(rule, facts).flatMap((file) => linesWith(rule, kept.before.state, file).map((line) => ({ file, line })));
  const [place, ...others] = places;
  if (place === undefined || others.length > 0 || !isWritable(place.file.real, facts)) return refused(kept, rule, place?.file.path, others.length);
  const { file } = place;
  const text = lineOf(rule, kept.state, linesOf(file.text)[place.line] ?? '');
  return {
    kind: 'ways',
    ways: [
      {
        means: rule.backend === 'nft' ? 'nftables' : 'iptables',
        path: file.real,
        edit: (present) => {
          const [line] = linesWith(rule, kept.before.state, { ...file, text: present });
          return line === undefined ? (present ?? '') : replaced(present, line, [comment(author, kept), text]);
        },
        notes: [msg('It is loaded at boot by the service to which {0} belongs. The rule is in effect already.', file.path)],
      },
    ],
  };
}

function filesFor(rule: RuleName, { files }: HostFacts): readonly HostFile[] {
  const those = (paths: readonly string[]): HostFile[] => paths.map((path) => files.get(path)).filter((file) => file !== undefined);
  if (rule.backend !== 'nft') return those(SAVED[rule.backend.startsWith('ip6') ? 6 : 4]);
  const roots = those(NFT_ROOTS);
  const patterns = roots.flatMap(({ text }) => linesOf(text).flatMap((line) => /^\s*include\s+"([^"]+)"/.exec(line)?.[1] ?? []));
  const isIncluded = (path: string): boolean => patterns.some((pattern) => new RegExp(`^${pattern.replace(/[.+^${}()|\\?[\]]/g, '\\$&').replaceAll('*', '[^/]*')}$`).test(path));
  return [...roots, ...[...files.values()].filter(({ path }) => path.startsWith('/etc/nftables') && !NFT_ROOTS.includes(path) && isIncluded(path))];
}

/** Numbers of the lines in which a rule stands, in the text that the programs themselves print. */
function linesWith(rule: RuleName, state: string, { text }: HostFile): readonly number[] {
  return rule.backend === 'nft' ? nftLines(rule, state, linesOf(text)) : savedLines(rule, state, linesOf(text));
}

function nftLines(rule: Extract<RuleName, { backend: 'nft' }>, state: string, lines: readonly string[]): readonly number[] {
  const wanted = plain(state);
  const found: number[] = [];
  let table: string | undefined;
  let chain: string | undefined;
  let depth = 0;
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line.startsWith('#')) continue;
    const [, family = 'ip', name = ''] = /^table\s+(?:(\w+)\s+)?([\w./-]+)\s*\{/.exec(line) ?? [];
    if (name !== '') table = `${family} ${name}`;
    const opened = /^chain\s+([\w./-]+)\s*\{/.exec(line)?.[1];
    if (opened !== undefined) chain = opened;
    const isIn = table === `${rule.family} ${rule.table}` && chain === rule.chain;
    if ((isIn && plain(line) === wanted) || plain(line) === `add rule ${rule.family} ${rule.table} ${rule.chain} ${wanted}`) found.push(index);
    // Sets and maps within a rule open and close on one line, or are no lines of rules.
    depth += [...line].reduce((sum, mark) => sum + (mark === '{' ? 1 : mark === '}' ? -1 : 0), 0);
    if (depth <= 1) chain = undefined;
    if (depth <= 0) table = undefined;
  }
  return found;
}

/** Lines of iptables-save(8): `*table`, then `-A CHAIN …`, perhaps with counts before it. */
function savedLines({ table, chain }: RuleName, state: string, lines: readonly string[]): readonly number[] {
  let inTable = false;
  const found: number[] = [];
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line.startsWith('*')) inTable = line === `*${table}`;
    if (inTable && line.replace(/^\[\d+:\d+\]\s*/, '') === `-A ${chain} ${state}`) found.push(index);
  }
  return found;
}

const plain = (text: string): string => uncounted(text).replace(/;$/, '');

function lineOf(rule: RuleName, state: string, old: string): string {
  const indent = /^\s*/.exec(old)?.[0] ?? '';
  if (rule.backend !== 'nft') return `${indent}-A ${rule.chain} ${state}`;
  const command = /^\s*add rule/.test(old) ? `add rule ${rule.family} ${rule.table} ${rule.chain} ` : '';
  return `${indent}${command}${plain(state)}`;
}

/** Programs that make rules, by what they call their tables and chains, and where they keep what they make them of. */
const MAKERS: readonly (readonly [pattern: RegExp, name: string, how: Message])[] = [
  [/firewalld|^(?:IN|FWD[IO]?|PRE|POST)_\w+|_direct$/, 'firewalld', msg('Change it with “firewall-cmd --permanent”.')],
  [/^ufw6?-/, 'ufw', msg('Change it with “ufw”, or in /etc/ufw.')],
  [/^docker|^DOCKER/, 'Docker', msg('Change the container’s networks and published ports; rules of your own belong into the chain DOCKER-USER.')],
  [/^kube-|^KUBE-/i, 'kube-proxy', msg('Change the Service or the NetworkPolicy that it comes from.')],
  [/^cali-|^CILIUM_|^cilium/, 'the cluster’s network plugin', msg('Change the NetworkPolicy that it comes from.')],
  [/^f2b-/, 'fail2ban', msg('Change the jail: “fail2ban-client”.')],
  [/libvirt|^LIBVIRT_/, 'libvirt', msg('Change the network with “virsh net-edit”.')],
  [/netavark|^NETAVARK/, 'Podman', msg('Change the container’s networks and published ports.')],
];

function refused({ name }: Kept, rule: RuleName, path: string | undefined, others: number): Ways {
  for (const [pattern, maker, how] of MAKERS) {
    if (pattern.test(rule.table) || pattern.test(rule.chain)) return { kind: 'refused', why: msg('{0} was made by {1}, which would make it anew.', name, maker), how };
  }
  if (path !== undefined && others > 0) return { kind: 'refused', why: msg('{0} stands more than once in {1}; which one is meant cannot be told.', name, path) };
  if (path !== undefined) return { kind: 'refused', why: msg('{0} cannot be written: it is read-only.', path) };
  return { kind: 'refused', why: msg('No file was found that loads {0} in these words. The program that makes it would make it anew.', name) };
}
