import { msg, type Message } from '../../message.js';
import type { Act, Current, RuleName, Setting, SettingKind } from '../types.js';

type Rule = Extract<Setting, { kind: 'rule' }>;

/** Verdicts that end a packet's way, as they close a rule of nftables (nft(8), VERDICT and REJECT STATEMENTS). */
const NFT_VERDICT = /\s*\b(?:drop|reject(?: with (?:icmpx?|icmpv6|tcp)(?: type| code)? [\w-]+)?|queue(?: (?:flags \S+|num \S+|to \S+))*)\s*$/;

/** Targets of iptables that do; their options follow them to the end of the rule (iptables-extensions(8)). */
const IPTABLES_VERDICTS: ReadonlySet<string> = new Set(['DROP', 'REJECT', 'NFQUEUE']);

/**
 * A firewall rule: `on` as it was found, `off` without its verdict. A rule that is switched off stays in its place and
 * goes on counting what it would have dropped; it keeps its handle or number, so that switching it on again is exact
 * and can be done twice.
 */
export const ruleKind: SettingKind<Rule> = {
  tools: ({ rule }) => [rule.backend],
  name: ({ rule }) => ruleText(rule),
  reads: ({ rule }) => [{ kind: 'run', argv: readArgv(rule) }],
  understand: ({ rule }, [text = '']) => (rule.backend === 'nft' ? nftRule(rule, text) : iptablesRule(rule, text)),
  check: ({ rule }, value) => (value === 'on' || value === 'off' ? undefined : msg('{0} can be on or off.', ruleText(rule))),
  sets: ({ rule }, value, current) => replace(rule, value === 'off' ? withoutVerdict(rule, current.state) : current.state),
  resets: ({ rule }, before) => replace(rule, before.state),
};

function ruleText(rule: RuleName): string {
  if (rule.backend === 'nft') return `rule ${rule.family} ${rule.table} ${rule.chain} #${rule.handle}`;
  return `${rule.backend} ${rule.table} ${rule.chain} rule ${rule.position}`;
}

function readArgv(rule: RuleName): readonly string[] {
  if (rule.backend === 'nft') return ['nft', '-a', 'list', 'chain', rule.family, rule.table, rule.chain];
  return [rule.backend, '-w', '5', '-t', rule.table, '-S', rule.chain, String(rule.position)];
}

function nftRule(rule: Extract<RuleName, { backend: 'nft' }>, text: string): Current | Message {
  const end = ` # handle ${rule.handle}`;
  const line = text.split('\n').find((one) => one.endsWith(end) && !/^\s*(?:table|chain)\s/.test(one));
  if (line === undefined) return msg('There is no {0}.', ruleText(rule));
  return asCurrent(rule, line.slice(0, -end.length).trim());
}

function iptablesRule(rule: RuleName, text: string): Current | Message {
  const line = text.split('\n').find((one) => one.startsWith(`-A ${rule.chain} `));
  if (line === undefined) return msg('There is no {0}.', ruleText(rule));
  return asCurrent(rule, line.slice(`-A ${rule.chain} `.length).trim());
}

/** A rule without a verdict of its own cannot be switched off; it is what this leaves behind. */
function asCurrent(rule: RuleName, state: string): Current {
  return { value: withoutVerdict(rule, state) === state ? 'off' : 'on', state };
}

/** A rule's text without what ends a packet's way; the same text where it has no such thing. */
export function withoutVerdict(rule: RuleName, state: string): string {
  if (rule.backend === 'nft') {
    const comment = /\s*comment "[^"]*"$/.exec(state)?.[0] ?? '';
    const rest = state.slice(0, state.length - comment.length).replace(NFT_VERDICT, '');
    const bare = rest.length === state.length - comment.length;
    if (bare) return state;
    // A rule needs a statement, and the counter tells that somebody still meets it.
    return `${/\bcounter\b/.test(rest) ? rest : `${rest} counter`}${comment}`.trim();
  }
  const words = shellWords(state);
  const at = words.findIndex((word, index) => word === '-j' && IPTABLES_VERDICTS.has(words[index + 1] ?? ''));
  return at < 0 ? state : words.slice(0, at).map(quoted).join(' ');
}

function replace(rule: RuleName, state: string): readonly Act[] {
  if (rule.backend === 'nft') {
    const { family, table, chain, handle } = rule;
    // From its input, because nft joins its arguments with blanks and reads them as one text anyway.
    return [{ kind: 'run', argv: ['nft', '-f', '-'], stdin: `replace rule ${family} ${table} ${chain} handle ${handle} ${state}\n` }];
  }
  return [{ kind: 'run', argv: [rule.backend, '-w', '5', '-t', rule.table, '-R', rule.chain, String(rule.position), ...shellWords(state)] }];
}

/** Words of a line of `iptables -S`: double quotes around what has blanks, a backslash before a quote (xtables_save_string). */
function shellWords(text: string): string[] {
  const words: string[] = [];
  for (const [, quotedPart, plain] of text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
    words.push(quotedPart === undefined ? (plain ?? '') : quotedPart.replace(/\\(.)/g, '$1'));
  }
  return words;
}

function quoted(word: string): string {
  return /^[^\s"'\\]+$/.test(word) ? word : `"${word.replace(/(["'\\])/g, '\\$1')}"`;
}
