import type { Count } from '../count.js';
import type { FactsBuilder } from '../facts.js';
import { MAX_ROWS, RowLimit } from '../parse/text.js';

/** A number of packets and bytes. */
export interface Counted {
  readonly packets: Count;
  readonly bytes: Count;
}

/** A chain of any firewall tool. */
export interface Chain {
  /** Identifies it among all: `nft inet filter input`, `iptables filter INPUT`. */
  readonly id: string;
  readonly backend: string;
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** Hook of a base chain, e.g. `input`; '' for one that is only jumped to. */
  hook: string;
  /** Device of a netdev chain, else ''. */
  device: string;
  /** `accept` or `drop` of a base chain, else ''. */
  policy: string;
  counted: Counted | undefined;
}

/** A rule of any firewall tool. */
export interface Rule {
  readonly chain: Chain;
  readonly key: string;
  /** The rule in its tool's own words, on one line, without the values of counters. */
  readonly text: string;
  /** `accept`, `drop`, `reject`, `queue`, `return`, `jump`, `goto`, `map`, `continue`, or the name of another target. */
  readonly verdict: string;
  readonly comment: string;
  /** Chains of the same table that it can lead to. */
  readonly jumps: readonly string[];
  readonly counted: Counted | undefined;
}

/** All chains and rules that a listing shows. */
export class Ruleset {
  readonly chains = new Map<string, Chain>();
  readonly rules: Rule[] = [];

  /** The chain, made on first use. `prefix`: what stands before the chain's name in its id. */
  chain(prefix: string, backend: string, family: string, table: string, name: string): Chain {
    const id = `${prefix} ${name}`;
    let chain = this.chains.get(id);
    if (chain === undefined) {
      chain = { id, backend, family, table, name, hook: '', device: '', policy: '', counted: undefined };
      this.chains.set(id, chain);
    }
    return chain;
  }

  /** Table `rule` and table `chain`. Every label is always there, '' where it has no meaning. */
  addTo(facts: FactsBuilder): void {
    const hooks = this.#hooks();
    const limit = new RowLimit(facts, MAX_ROWS);
    for (const chain of this.chains.values()) {
      if (!limit.take()) return;
      const row = facts.row('chain', chain.id);
      for (const [name, value] of labelsOf(chain, hooks)) row.labels.set(name, value);
      row.labels.set('policy', chain.policy);
      put(row.counters, chain.counted);
    }
    for (const rule of this.rules) {
      if (!limit.take()) return;
      const row = facts.row('rule', rule.key);
      for (const [name, value] of labelsOf(rule.chain, hooks)) row.labels.set(name, value);
      row.labels.set('rule', rule.text);
      row.labels.set('verdict', rule.verdict);
      row.labels.set('comment', rule.comment);
      row.labels.set('counted', rule.counted === undefined ? 'no' : 'yes');
      put(row.counters, rule.counted);
    }
  }

  /** The hook from which each chain is reached: its own, or that of the chains that lead to it; `several` when they differ. */
  #hooks(): ReadonlyMap<Chain, string> {
    const leads = new Map<Chain, Set<Chain>>();
    for (const { chain, jumps } of this.rules) {
      for (const jump of jumps) {
        const next = this.chains.get(`${chain.id.slice(0, chain.id.length - chain.name.length)}${jump}`);
        if (next !== undefined) leads.set(chain, (leads.get(chain) ?? new Set<Chain>()).add(next));
      }
    }
    const hooks = new Map<Chain, string>();
    const work = [...this.chains.values()].filter((chain) => chain.hook !== '').map((chain) => ({ chain, hook: chain.hook }));
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      const known = hooks.get(at.chain);
      const hook = known === undefined || known === at.hook ? at.hook : 'several';
      if (known === hook) continue;
      hooks.set(at.chain, hook);
      for (const chain of leads.get(at.chain) ?? []) work.push({ chain, hook });
    }
    return hooks;
  }
}

function labelsOf(chain: Chain, hooks: ReadonlyMap<Chain, string>): readonly (readonly [string, string])[] {
  return [
    ['backend', chain.backend],
    ['family', chain.family],
    ['table', chain.table],
    ['chain', chain.name],
    ['hook', hooks.get(chain) ?? ''],
    ['device', chain.device],
  ];
}

function put(into: Map<string, Count>, counted: Counted | undefined): void {
  if (counted === undefined) return;
  into.set('packets', counted.packets);
  into.set('bytes', counted.bytes);
}
