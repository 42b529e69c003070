import { msg, type Message } from '../message.js';
import { lines } from '../parse/text.js';
import { TableBuilder, toNumber, unknown } from './support.js';
import type { Interpreter, Mark } from './types.js';

interface Known {
  readonly pattern: RegExp;
  readonly mark: Mark;
  readonly text: Message;
}

/** Messages of the kernel about loss; their words differ between versions, so only the lasting part is looked for. */
const MESSAGES: readonly Known[] = [
  { pattern: /table full/, mark: 'loss', text: msg('the connection table was full and packets were dropped') },
  { pattern: /SYN flooding.*Dropping request/, mark: 'loss', text: msg('a SYN queue was full and SYNs were dropped') },
  { pattern: /drop open request/, mark: 'loss', text: msg('a SYN was dropped because three quarters of tcp_max_syn_backlog were in use') },
  { pattern: /SYN flooding/, mark: 'risk', text: msg('a SYN queue was full; SYN cookies were sent and nothing was dropped') },
  { pattern: /neighbou?r table overflow/i, mark: 'loss', text: msg('the neighbour table was full') },
  { pattern: /too many orphaned sockets|out of memory -- consider tuning tcp_mem/, mark: 'loss', text: msg('TCP ran out of memory') },
  { pattern: /NETDEV WATCHDOG/, mark: 'loss', text: msg('a NIC stopped sending and was reset') },
  { pattern: /Link is Down/i, mark: 'loss', text: msg('the link went down') },
  { pattern: /page allocation failure/, mark: 'loss', text: msg('no memory for packets') },
  { pattern: /nf_queue: full/, mark: 'loss', text: msg('a program that filters packets is too slow') },
];

/** A message this fresh (seconds) is about now; an hour old, it is a warning; older, it is history. */
const FRESH = 60;
const RECENT = 3_600;

/**
 * `dmesg`: the lines that a search found, then `droplens-lines-read N` and perhaps `droplens-uptime SECONDS`. A line's
 * own time, `[seconds since boot]`, decides whether it is about now.
 */
export const interpretDmesg: Interpreter = ({ output }) => {
  const table = new TableBuilder(msg('Messages of the kernel'), [msg('Minutes ago'), msg('Message'), msg('Meaning')]);
  let read: number | undefined;
  let uptime: number | undefined;
  let denied = false;
  const found: { readonly line: string; readonly time: number | undefined; readonly known: Known }[] = [];
  for (const { text } of lines(output)) {
    const line = text.slice(0, 1_000);
    if (line.startsWith('droplens-lines-read ')) read = toNumber(line.slice(20).trim());
    else if (line.startsWith('droplens-uptime ')) uptime = toNumber(line.slice(16).trim());
    else {
      const known = MESSAGES.find(({ pattern }) => pattern.test(line));
      if (known) found.push({ line, time: toNumber(/^\[ {0,12}(\d{1,12}\.\d{1,9})\]/.exec(line)?.[1]), known });
      else if (/ermission denied|not permitted/.test(line)) denied = true;
    }
  }
  if (denied) return unknown(msg('Cannot tell, because only root may read the kernel log here (kernel.dmesg_restrict = 1).'));
  if (found.length === 0) {
    if (read === undefined) return unknown(msg('Cannot tell, because the kernel log could not be read.'));
    if (read === 0) return unknown(msg('Cannot tell, because the kernel log is empty: it was cleared, or this is a container.'));
    return { verdict: 'ok', sentence: msg('The kernel log ({0} lines) has no such message. That is no proof: the kernel reports each only now and then, some never.', read), tables: [] };
  }
  const age = (time: number | undefined): number | undefined => (time === undefined || uptime === undefined ? undefined : Math.max(uptime - time, 0));
  const grave = (mark: Mark, seconds: number | undefined): Mark | null => (seconds === undefined || seconds > RECENT ? null : seconds > FRESH ? 'risk' : mark);
  for (const { line, time, known } of found) {
    const seconds = age(time);
    table.add(String(table.size + 1), [seconds === undefined ? '?' : String(Math.round(seconds / 60)), line, known.text], grave(known.mark, seconds));
  }
  const tables = [table.build()];
  const newest = found.at(-1);
  const seconds = age(newest?.time);
  const mark = newest === undefined ? null : grave(newest.known.mark, seconds);
  if (seconds === undefined) return unknown(msg('Cannot tell, because the messages found ({0}) do not say when they were written.', found.length), tables);
  if (mark === null) return { verdict: 'ok', sentence: msg('The last of {0} messages is {1} hours old: history.', found.length, Math.round(seconds / 3_600)), tables };
  return { verdict: mark, sentence: msg('{0} messages found; the last is {1} minutes old. The table says what it means.', found.length, Math.round(seconds / 60)), tables };
};
