import type { Facts, Parser } from '../facts.js';
import type { SourceId } from '../sources.js';

/**
 * Parsers that know their latest text again: most of what a host prints is the same from one second to the next, and its
 * facts are then the same object. For one host, since each has its own texts.
 */
export function rememberingParsers(parserFor: (id: SourceId) => Parser | undefined): (id: SourceId) => Parser | undefined {
  const known = new Map<SourceId, Parser>();
  return (id) => {
    const own = known.get(id);
    if (own !== undefined) return own;
    const parse = parserFor(id);
    if (parse === undefined) return undefined;
    const remembering = remember(parse);
    known.set(id, remembering);
    return remembering;
  };
}

function remember(parse: Parser): Parser {
  let latest: { readonly text: string; readonly facts: Facts } | undefined;
  return (text) => {
    if (latest?.text !== text) {
      const facts = parse(text);
      latest = { text, facts: latest ? withNamesOf(latest.facts, facts) : facts };
    }
    return latest.facts;
  };
}

/**
 * The same facts under the very strings of earlier ones: names are made anew from every text, and some thousand samples
 * that are held would each have its own copy of them.
 */
function withNamesOf(known: Facts, facts: Facts): Facts {
  return { ...facts, counters: renamed(known.counters, facts.counters), gauges: renamed(known.gauges, facts.gauges) };
}

/** `values` as they are where the names are not the same in the same order. */
function renamed<T>(known: ReadonlyMap<string, T>, values: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  if (known.size !== values.size) return values;
  const names = known.keys();
  const result = new Map<string, T>();
  for (const [name, value] of values) {
    const own = names.next().value;
    if (own !== name) return values;
    result.set(own, value);
  }
  return result;
}
