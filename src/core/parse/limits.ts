import { parseCount } from '../count.js';
import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { parseLocal } from './address.js';
import { KeyNumbers, lines, MAX_NAME, MAX_ROWS, note, noteGarbled, noteUnknown, parseLevel, RowLimit, words } from './text.js';

/** /proc/sys/fs/file-nr (proc(5)): open files, 0, most open files. Gauges files.open and files.max. */
export function parseFileNr(text: string): Facts {
  const facts = new FactsBuilder();
  const [open = '', , max = ''] = words(text.slice(0, 200).replaceAll('\n', ' '));
  const values = [parseLevel(open), parseLevel(max)];
  if (values[0] === undefined || values[1] === undefined || values[0] < 0 || values[1] <= 0) note(facts, msg('Not numbers of open files.'));
  else {
    facts.gauges.set('files.open', values[0]);
    facts.gauges.set('files.max', values[1]);
  }
  return facts;
}

/**
 * Lines `PID LIMIT OPEN NAME` of the processes behind listeners: soft limit of open files (proc(5), limits) and
 * how many are open; `-` where they were not counted because the highest number allowed was free, so that a free one
 * certainly exists. Rows `process`, key the pid: gauges fd_limit, fds (left out for `-`), label process. The last line
 * is `droplens-processes LEFT_OUT`.
 */
export function parseProcessFiles(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_ROWS);
  let ended = false;
  for (const line of lines(text)) {
    const [pid = '', most = '', open = '', ...name] = words(line.text);
    if (pid === 'droplens-processes') {
      ended = true;
      const left = parseLevel(most);
      if (left === undefined) noteGarbled(facts, line.number);
      else facts.gauges.set('processes.left_out', left);
      continue;
    }
    const soft = most === 'unlimited' ? Number.MAX_SAFE_INTEGER : parseLevel(most);
    const fds = open === '-' ? undefined : parseLevel(open);
    if (!/^\d{1,10}$/.test(pid) || soft === undefined || soft < 0 || (open !== '-' && fds === undefined)) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.take()) break;
    const row = facts.row('process', pid);
    row.gauges.set('fd_limit', soft);
    if (fds !== undefined) row.gauges.set('fds', fds);
    const process = name.join(' ').slice(0, MAX_NAME);
    if (process !== '') row.labels.set('process', process);
  }
  if (!ended) note(facts, msg('The list of processes is cut off.'));
  return facts;
}

/**
 * Local ports in use towards the busiest destinations: lines `COUNT LOCAL_ADDRESS PEER`, busiest first, then
 * `droplens-ports SIZE`, the size of ip_local_port_range. `droplens-ports few` instead: the host holds too few
 * connections to run short of ports. Gauges ports.size, ports.used (of the busiest pair; 0 when few), text ports.peer.
 */
export function parsePorts(text: string): Facts {
  const facts = new FactsBuilder();
  let ended = false;
  let used = 0;
  for (const line of lines(text)) {
    const [count = '', local = '', peer = '', ...rest] = words(line.text);
    if (count === 'droplens-ports') {
      ended = true;
      const size = parseLevel(local);
      if (size !== undefined && size > 0) facts.gauges.set('ports.size', size);
      else if (local !== 'few') noteUnknown(facts, line.number);
      continue;
    }
    const value = parseLevel(count);
    if (value === undefined || value < 0 || local === '' || peer === '' || peer.length > MAX_NAME || rest.length > 0) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (value <= used) continue;
    used = value;
    facts.texts.set('ports.peer', peer);
  }
  if (ended) facts.gauges.set('ports.used', used);
  else note(facts, msg('The list of ports is cut off.'));
  return facts;
}

/**
 * Connections in two states that tell of trouble, counted by awk: `close-wait COUNT LOCAL` for each local address and
 * port, `syn-sent COUNT PEER` for each destination. Rows `halfclosed` by local port, gauge `count`; gauges
 * closewait.count and synsent.count; text synsent.peer, the destination with most unanswered attempts. Empty: none.
 */
export function parseConnectionStates(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_ROWS);
  let closeWait = 0;
  let synSent = 0;
  let most = 0;
  for (const line of lines(text)) {
    const [state = '', countText = '', address = '', ...rest] = words(line.text);
    const count = parseLevel(countText);
    const place = parseLocal(address, 'ipv6');
    if ((state !== 'close-wait' && state !== 'syn-sent') || count === undefined || count < 0 || place === undefined || rest.length > 0) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.take()) break;
    if (state === 'close-wait') {
      closeWait += count;
      const row = facts.row('halfclosed', place.port);
      row.gauges.set('count', (row.gauges.get('count') ?? 0) + count);
    } else {
      synSent += count;
      if (count > most && place.port !== '*') {
        most = count;
        facts.texts.set('synsent.peer', place.local);
      }
    }
  }
  facts.gauges.set('closewait.count', closeWait);
  facts.gauges.set('synsent.count', synSent);
  return facts;
}

/**
 * Packet sockets as `ss -0nm` lists them: `p_raw 0 0 *:eth0 * skmem:(r0,rb212992,…,d12)`. Rows `capture`, key the
 * interface (`*` for all): label dev, counter drops, copies that the program was too slow to take. ss of old kernels
 * prints no memory, and then no drops. Empty text: there is no capture.
 */
export function parseCaptures(text: string): Facts {
  const facts = new FactsBuilder();
  const keys = new KeyNumbers();
  const limit = new RowLimit(facts, MAX_ROWS);
  for (const line of lines(text)) {
    const [netid = '', , , address = '', ...rest] = words(line.text);
    const name = address.slice(address.indexOf(':') + 1);
    if ((netid !== 'p_raw' && netid !== 'p_dgr') || name === '' || name.length > MAX_NAME) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.take()) break;
    const row = facts.row('capture', keys.next(name));
    row.labels.set('dev', name);
    const memory = rest.find((field) => field.startsWith('skmem:('));
    const drops = parseCount(/,d(\d{1,20})[,)]/.exec(memory ?? '')?.[1] ?? '');
    if (drops !== undefined) row.counters.set('drops', drops);
  }
  return facts;
}

/**
 * Netfilter queues: `nfqueue`, then a line of /proc/net/netfilter/nfnetlink_queue: number, port id, waiting, mode, range,
 * dropped for a full queue, dropped for a full socket, last id, 1 (net/netfilter/nfnetlink_queue.c, seq_show). Rows `nfqueue`,
 * key the number: counters queue_dropped and user_dropped, gauge waiting. Empty text: there is no queue.
 */
export function parseQueues(text: string): Facts {
  const facts = new FactsBuilder();
  const keys = new KeyNumbers();
  const limit = new RowLimit(facts, MAX_ROWS);
  for (const line of lines(text)) {
    const [kind, number = '', , waitingText = '', , , full = '', user = ''] = words(line.text);
    const waiting = parseLevel(waitingText);
    const dropped = parseCount(full);
    const refused = parseCount(user);
    if (kind !== 'nfqueue' || !/^\d{1,5}$/.test(number) || waiting === undefined || dropped === undefined || refused === undefined) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.take()) break;
    const row = facts.row('nfqueue', keys.next(number));
    row.gauges.set('waiting', waiting);
    row.counters.set('queue_dropped', dropped);
    row.counters.set('user_dropped', refused);
  }
  return facts;
}
