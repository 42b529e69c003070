import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { lines, note } from '../parse/text.js';

/** Kinds of kernel messages. Their words differ between versions, so only the lasting part is looked for. */
const KINDS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['expect_full', /expectation table full/],
  ['table_full', /table full.*dropping packet/],
  ['syn_flooding', /ossible SYN flooding/],
  ['martian', /martian (?:source|destination)/],
  ['neighbour_overflow', /neighbou?r.*table overflow|Neighbour table overflow/i],
  ['tx_timeout', /NETDEV WATCHDOG.*timed out/],
  ['alloc_failure', /page allocation failure/],
  ['hw_csum', /hw csum failure/],
  ['tcp_memory', /out of memory -- consider tuning tcp_mem/],
  ['orphans', /too many orphaned sockets/],
  ['nfqueue_full', /nf_queue: full/],
  ['oom', /Out of memory: Kill|[Mm]emory cgroup out of memory/],
];

/**
 * The kernel's messages about loss. Gauges `dmesg.table_full` … = how many lines of the kind are younger than `since`,
 * the time stamp of the newest line when the window began; `dmesg.newest` is that of the newest line. Stamps are compared
 * with stamps only: they stand still while a machine sleeps, and /proc/uptime does not. Without `since` only the newest.
 */
export function parseDmesg(text: string, since: number | undefined): Facts {
  const facts = new FactsBuilder();
  const found = new Map<string, number>(KINDS.map(([name]) => [name, 0]));
  let newest: number | undefined;
  let unstamped = 0;
  for (const { text: line } of lines(text)) {
    if (line.startsWith('droplens-newest ')) {
      newest = stampOf(line.slice('droplens-newest '.length));
      continue;
    }
    if (line.startsWith('droplens-said ')) {
      note(facts, msg('dmesg printed: {0}', line.slice('droplens-said '.length).slice(0, 120)));
      return facts;
    }
    const stamp = stampOf(line);
    if (stamp === undefined) {
      unstamped += 1;
      continue;
    }
    if (since === undefined || stamp <= since) continue;
    const kind = KINDS.find(([, pattern]) => pattern.test(line))?.[0];
    if (kind !== undefined) found.set(kind, (found.get(kind) ?? 0) + 1);
  }
  if (unstamped > 0) note(facts, msg('{0} messages do not say when they were written.', unstamped));
  // An empty log (cleared, or a container's) has no newest line: whatever comes is younger.
  facts.gauges.set('dmesg.newest', newest ?? -1);
  if (since !== undefined) for (const [name, count] of found) facts.gauges.set(`dmesg.${name}`, count);
  return facts;
}

/** `[seconds since boot]`, perhaps after a `<priority>`. */
function stampOf(line: string): number | undefined {
  const stamp = /^(?:<\d{1,3}>)?\[ {0,12}(\d{1,12}\.\d{1,9})\]/.exec(line)?.[1];
  return stamp === undefined ? undefined : Number(stamp);
}
