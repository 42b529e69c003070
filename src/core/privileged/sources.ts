import { msg, type Message } from '../message.js';
import type { Source, SourceId } from '../sources.js';

/** A command that runs as root, as a person is shown it before saying yes. */
export interface RootCommand {
  readonly line: string;
  readonly why: Message;
}

/** A source that needs root: read only during a diagnosis, and only after a person agreed. */
export interface PrivilegedSource extends Source {
  /** Every command of its script that does something, in order. */
  readonly commands: readonly RootCommand[];
}

/** Most bytes that one command may print; what comes after is cut off. */
export const MOST_BYTES = 524_288;

/**
 * Functions of every script. `dl_unused MODULE`: the module could be loaded and is not, so that asking the kernel would
 * load it for nothing. `dl_run NAME COMMAND…`: runs a command into a section of bounded length that ends with its status.
 */
const HEAD = [
  `dl_unused() { grep -q "/$1\\.ko" "/lib/modules/$(uname -r)/modules.dep" 2>/dev/null && ! grep -q "^$1 " /proc/modules; }`,
  `dl_run() { printf 'droplens-section %s\\n' "$1"; shift`,
  `{ "$@" 2>&1 </dev/null; printf '\\ndroplens-status %s\\n' "$?"; } | head -c ${MOST_BYTES}; printf '\\n'; }`,
].join('\n');

const SAVE_TOOLS = ['iptables', 'ip6tables'] as const;

const RULE_COMMANDS: readonly RootCommand[] = [
  { line: 'nft -a -n list ruleset', why: msg('firewall rules of nftables, with their counters') },
  ...SAVE_TOOLS.flatMap((tool): RootCommand[] => [
    { line: `${tool}-save -c`, why: msg('firewall rules of iptables, with their counters') },
    { line: `${tool}-legacy-save -c`, why: msg('rules of the older iptables, which nftables does not show') },
  ]),
];

/** Listing reads what is loaded; it makes no table and, because of `dl_unused`, loads no module. */
const RULES_SCRIPT = [
  HEAD,
  `if command -v nft >/dev/null 2>&1; then if dl_unused nf_tables; then printf 'droplens-section nft\\ndroplens-status 0\\n'; else dl_run nft nft -a -n list ruleset; fi; fi`,
  ...SAVE_TOOLS.flatMap((tool) => [
    `if command -v ${tool}-save >/dev/null 2>&1; then case $(${tool}-save -V 2>/dev/null) in *nf_tables*) dl_unused nf_tables && dl_skip=1 || dl_skip=;; *) dl_skip=;; esac`,
    `[ -n "$dl_skip" ] || dl_run ${tool} ${tool}-save -c; fi`,
    `if command -v ${tool}-legacy-save >/dev/null 2>&1; then dl_run ${tool}-legacy ${tool}-legacy-save -c; fi`,
  ]),
  'true',
].join('\n');

/** Kernel messages that are about lost packets, as an awk pattern; `core/privileged/dmesg` tells them apart. */
const DMESG_PATTERN = [
  'table full', 'SYN flooding', 'martian', 'table overflow', 'NETDEV WATCHDOG', 'page allocation failure',
  'hw csum failure', 'ut of memory', 'orphaned sockets', 'nf_queue: full',
].join('|');

const DMESG_SCRIPT =
  `dmesg 2>&1 | tail -c ${MOST_BYTES} | awk '/${DMESG_PATTERN}/{print} /^[<[]/{line=$0; n++} !/^[<[]/{other=$0} ` +
  `END{if (n == 0 && other != "") print "droplens-said " other; print "droplens-newest " line}' | tail -n 2002`;

/** What is read at both ends of the window by commands. */
export const PRIVILEGED_COMMANDS: readonly PrivilegedSource[] = [
  {
    id: 'firewall',
    title: msg('firewall rules and their counters'),
    tier: 'medium',
    scope: 'namespace',
    essential: false,
    commands: RULE_COMMANDS,
    reader: { kind: 'command', tools: ['head'], script: RULES_SCRIPT },
  },
  {
    id: 'conntrack_s',
    title: msg('connection tracking counters (conntrack -S)'),
    tier: 'medium',
    scope: 'namespace',
    essential: false,
    absentIsFine: true,
    commands: [{ line: 'conntrack -S', why: msg('what connection tracking dropped') }],
    reader: {
      kind: 'command',
      tools: ['conntrack', 'head'],
      script: `${HEAD}\ndl_unused nf_conntrack_netlink || dl_run conntrack conntrack -S`,
    },
  },
  {
    id: 'xfrm_sa',
    title: msg('IPsec states and policies (ip -s xfrm)'),
    tier: 'medium',
    scope: 'namespace',
    essential: false,
    absentIsFine: true,
    commands: [
      { line: 'ip -s xfrm state list nokeys', why: msg('what each IPsec connection refused; keys are left out') },
      { line: 'ip -s xfrm policy', why: msg('IPsec policies that block') },
    ],
    reader: {
      kind: 'command',
      tools: ['ip', 'head'],
      script: `${HEAD}\nif ! dl_unused xfrm_user; then dl_run state ip -s xfrm state list nokeys; dl_run policy ip -s xfrm policy; fi`,
    },
  },
  {
    id: 'nfqueue_root',
    title: msg('queues to programs that filter packets (nfnetlink_queue)'),
    tier: 'medium',
    scope: 'namespace',
    essential: false,
    absentIsFine: true,
    commands: [{ line: "sed 's/^/nfqueue /' /proc/net/netfilter/nfnetlink_queue", why: msg('packets that a filtering program was too slow for') }],
    reader: {
      kind: 'command',
      tools: ['head', 'sed'],
      script: `{ sed 's/^/nfqueue /' /proc/net/netfilter/nfnetlink_queue; } 2>/dev/null | head -c 65536`,
    },
  },
  {
    id: 'dmesg',
    title: msg('messages of the kernel (dmesg)'),
    tier: 'medium',
    scope: 'host',
    essential: false,
    commands: [{ line: 'dmesg', why: msg('what the kernel said about lost packets in this time') }],
    reader: { kind: 'command', tools: ['dmesg', 'awk', 'tail'], script: DMESG_SCRIPT },
  },
];

/** What has no command that is run with the others. */
const NONE = { kind: 'command', tools: [], script: ':' } as const;

/** The drop trace: runs for the whole window, beside the commands. */
export const DROP_TRACE: PrivilegedSource = {
  id: 'drop_trace',
  title: msg('drop trace of the kernel (skb:kfree_skb)'),
  tier: 'slow',
  scope: 'host',
  essential: false,
  reader: NONE,
  commands: [
    { line: 'mkdir /sys/kernel/tracing/instances/droplens-…', why: msg('a trace buffer of our own, at most 8 MB') },
    { line: 'echo 1 > …/events/skb/kfree_skb/enable', why: msg('count why and where the kernel drops packets, while watching') },
    { line: 'rmdir /sys/kernel/tracing/instances/droplens-…', why: msg('always, even when the connection is lost') },
  ],
};

/** Stands for everything that needs root where it may not be read. */
export const PRIVILEGED: Source = {
  id: 'privileged',
  title: msg('what only root can see: firewall rules by name, kernel messages, why the kernel drops'),
  tier: 'slow',
  scope: 'namespace',
  essential: false,
  reader: NONE,
};

const ALL: ReadonlyMap<SourceId, Source> = new Map(
  [...PRIVILEGED_COMMANDS, DROP_TRACE, PRIVILEGED].map((source) => [source.id, source]),
);

/** Looks a source that needs root up by id. */
export function findPrivileged(id: SourceId): Source | undefined {
  return ALL.get(id);
}

/** Every command that runs as root, in order: what a person agrees to. */
export function rootCommands(): readonly RootCommand[] {
  return [...PRIVILEGED_COMMANDS.flatMap((source) => source.commands), ...DROP_TRACE.commands];
}
