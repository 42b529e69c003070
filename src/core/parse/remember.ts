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
    if (latest?.text !== text) latest = { text, facts: parse(text) };
    return latest.facts;
  };
}
