import { parseCount } from '../count.js';
import type { FactsBuilder } from '../facts.js';
import { msg } from '../message.js';
import { MAX_NAME, note } from '../parse/text.js';
import type { Chain, Counted, Ruleset } from './ruleset.js';

/** Lines over which one rule may go: a set without a name inside a rule is wrapped. */
const MOST_LINES = 200;

/** Longest text of a rule that is kept. */
const MOST_TEXT = 400;

/** Statements that decide about a packet (nft(8), VERDICT STATEMENTS, REJECT STATEMENT, QUEUE STATEMENT). */
const VERDICTS: ReadonlySet<string> = new Set([
  'accept', 'drop', 'reject', 'queue', 'return', 'continue', 'jump', 'goto', 'masquerade', 'snat', 'dnat', 'redirect', 'tproxy',
]);

/**
 * `nft -a -n list ruleset`: tables with chains of one rule a line, each with its `# handle N`. `skip`: tables, as `FAMILY
 * NAME`, that another listing shows in words that people know better.
 */
export function readNft(lines: readonly string[], skip: ReadonlySet<string>, into: Ruleset, facts: FactsBuilder): void {
  new NftReader(skip, into, facts).read(lines);
}

interface Named {
  readonly rule: { chain: Chain; key: string; text: string; verdict: string; comment: string; jumps: readonly string[] };
  readonly counter: string;
}

class NftReader {
  #table: { readonly family: string; readonly name: string; readonly skipped: boolean } | undefined;
  #block: { readonly kind: 'chain'; readonly chain: Chain } | { readonly kind: 'counter'; readonly name: string } | { readonly kind: 'other'; depth: number } | undefined;
  #pending: string[] = [];
  #rules = 0;
  /** Counter objects of the table, and the rules that use them: they may stand after the rules. */
  readonly #counters = new Map<string, Counted>();
  #named: Named[] = [];

  constructor(
    private readonly skip: ReadonlySet<string>,
    private readonly into: Ruleset,
    private readonly facts: FactsBuilder,
  ) {}

  read(lines: readonly string[]): void {
    for (const line of lines) this.#line(line.trim());
    if (this.#table !== undefined) note(this.facts, msg('The list of rules is cut off; rules after the first {0} are missing.', this.#rules));
    this.#endTable();
  }

  #line(line: string): void {
    if (line === '' || line.startsWith('# ')) return;
    if (this.#table === undefined) {
      const table = /^table (\w{2,8}) (\S{1,128}) \{/.exec(line);
      if (table) this.#table = { family: table[1] ?? '', name: table[2] ?? '', skipped: this.skip.has(`${table[1]} ${table[2]}`) };
      else note(this.facts, msg('Not understood: {0}', line.slice(0, 80)));
      return;
    }
    const block = this.#block;
    if (block === undefined) this.#inTable(line);
    else if (block.kind === 'other') this.#skipBlock(block, line);
    else if (this.#pending.length === 0 && /^\}(?: # handle \d+)?$/.test(line)) this.#block = undefined;
    else if (block.kind === 'counter') this.#counterObject(block.name, line);
    else this.#inChain(block.chain, line);
  }

  #inTable(line: string): void {
    const table = this.#table;
    if (table === undefined) return;
    if (/^\}/.test(line)) {
      this.#endTable();
      return;
    }
    const [, kind = '', name = ''] = /^(\w+) (\S{1,128}) \{/.exec(line) ?? [];
    if (!line.includes('{')) return;
    if (kind === 'chain') this.#block = { kind, chain: this.into.chain(`nft ${table.family} ${table.name}`, 'nft', table.family, table.name, name) };
    else if (kind === 'counter') this.#block = { kind, name };
    else {
      const other = { kind: 'other' as const, depth: 0 };
      this.#block = other;
      this.#skipBlock(other, line);
    }
    if (kind === 'chain' && table.skipped) {
      this.into.chains.delete(`nft ${table.family} ${table.name} ${name}`);
      this.#block = { kind: 'other', depth: 1 };
    }
  }

  /** Sets, maps, flow tables, quotas … hold nothing that counts here; their elements can have braces of their own. */
  #skipBlock(block: { readonly kind: 'other'; depth: number }, line: string): void {
    for (const part of line.replace(/"[^"]*"/g, '')) block.depth += part === '{' ? 1 : part === '}' ? -1 : 0;
    if (block.depth <= 0) this.#block = undefined;
  }

  #counterObject(name: string, line: string): void {
    const counted = /packets (\d+) bytes (\d+)/.exec(line);
    const packets = parseCount(counted?.[1] ?? '');
    const bytes = parseCount(counted?.[2] ?? '');
    if (packets !== undefined && bytes !== undefined) this.#counters.set(name, { packets, bytes });
  }

  #inChain(chain: Chain, line: string): void {
    const base = this.#pending.length === 0 ? /^type \w+ hook (\w+) (.*)$/.exec(line) : null;
    if (base) {
      chain.hook = base[1] ?? '';
      chain.policy = /policy (\w+);/.exec(base[2] ?? '')?.[1] ?? 'accept';
      chain.device = /\bdevices? (?:= )?(\{[^}]*\}|"[^"]*"|\S+)/.exec(base[2] ?? '')?.[1]?.replaceAll('"', '').slice(0, MAX_NAME) ?? '';
      return;
    }
    if (this.#pending.length === 0 && /^(?:comment "|policy |flags )/.test(line)) return;
    this.#pending.push(line);
    const handle = / # handle (\d+)$/.exec(line)?.[1];
    if (handle === undefined) {
      if (this.#pending.length > MOST_LINES) {
        note(this.facts, msg('Not understood: {0}', (this.#pending[0] ?? '').slice(0, 80)));
        this.#pending = [];
      }
      return;
    }
    const text = this.#pending.join(' ').replace(/ # handle \d+$/, '');
    this.#pending = [];
    this.#rule(chain, handle, text);
  }

  #rule(chain: Chain, handle: string, text: string): void {
    this.#rules += 1;
    const parsed = parseRule(text);
    const rule = { chain, key: `${chain.id} #${handle}`, text: parsed.text, verdict: parsed.verdict, comment: parsed.comment, jumps: parsed.jumps };
    if (parsed.counter !== undefined) this.#named.push({ rule, counter: parsed.counter });
    else this.into.rules.push({ ...rule, counted: parsed.counted });
  }

  #endTable(): void {
    for (const { rule, counter } of this.#named) this.into.rules.push({ ...rule, counted: this.#counters.get(counter) });
    this.#named = [];
    this.#counters.clear();
    this.#pending = [];
    this.#table = undefined;
    this.#block = undefined;
  }
}

interface ParsedRule {
  readonly text: string;
  readonly verdict: string;
  readonly comment: string;
  readonly jumps: readonly string[];
  readonly counted: Counted | undefined;
  /** Name of the counter object that it uses. */
  readonly counter: string | undefined;
}

/** Reads one rule. What stands in quotes means nothing here: it may say anything. */
function parseRule(rule: string): ParsedRule {
  const words = rule.slice(0, 20_000).match(/"[^"]*"|[^\s"]+/g) ?? [];
  const kept: string[] = [];
  const jumps: string[] = [];
  let verdict = 'continue';
  let comment = '';
  let counted: Counted | undefined;
  let counter: string | undefined;
  let depth = 0;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const next = words[at + 1] ?? '';
    kept.push(word);
    if (word === '{') depth += 1;
    else if (word === '}') depth -= 1;
    else if ((word === 'jump' || word === 'goto') && next !== '') jumps.push(next.replace(/,$/, ''));
    if (depth > 0) continue;
    if (word === 'comment') {
      comment = next.replaceAll('"', '');
    } else if (word === 'vmap') {
      verdict = 'map';
    } else if (word === 'counter' && next === 'name') {
      counter = (words[at + 2] ?? '').replaceAll('"', '');
    } else if (word === 'counter' && next === 'packets') {
      const packets = parseCount(words[at + 2] ?? '');
      const bytes = parseCount(words[at + 4] ?? '');
      if (packets !== undefined && bytes !== undefined) counted = { packets, bytes };
      at += 4;
    } else if (VERDICTS.has(word)) {
      verdict = word;
    }
  }
  return { text: kept.join(' ').slice(0, MOST_TEXT), verdict, comment: comment.slice(0, MAX_NAME), jumps, counted, counter };
}
