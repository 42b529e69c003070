import type { Parser } from '../facts.js';
import { parseQueues } from '../parse/limits.js';
import type { SourceId } from '../sources.js';
import { parseConntrackS } from './conntrack.js';
import { parseDmesg } from './dmesg.js';
import { parseFirewall } from './firewall.js';
import { parseXfrmSa } from './xfrm.js';

const PARSERS: ReadonlyMap<SourceId, Parser> = new Map<SourceId, Parser>([
  ['firewall', parseFirewall],
  ['conntrack_s', parseConntrackS],
  ['xfrm_sa', parseXfrmSa],
  ['nfqueue_root', parseQueues],
]);

/** The parser of a source that needs root. `since`: the newest kernel message when the window began, once it is known. */
export function privilegedParserFor(id: SourceId, since: () => number | undefined): Parser | undefined {
  return id === 'dmesg' ? (text) => parseDmesg(text, since()) : PARSERS.get(id);
}
