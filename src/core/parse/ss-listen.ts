import { FactsBuilder, type Facts } from '../facts.js';
import { msg } from '../message.js';
import { parseLocal, wildcardOf } from './address.js';
import { SynRecv } from './proc-sockets.js';
import { ownerOf, pidsOf } from './ss-owner.js';
import { KeyNumbers, lines, MAX_ROWS, note, noteEmpty, noteUnknown, parseLevel, putLevel, RowLimit, words, type Line } from './text.js';

interface SsLine extends Line {
  readonly fields: readonly string[];
}

/** The lines below the header of an `ss` listing. */
function bodyOf(text: string, facts: FactsBuilder): SsLine[] {
  const limit = new RowLimit(facts, MAX_ROWS);
  const body: SsLine[] = [];
  let header = false;
  let any = false;
  for (const line of lines(text)) {
    any = true;
    if (!header && line.text.includes('Recv-Q')) {
      header = true;
      continue;
    }
    if (!limit.take()) break;
    body.push({ ...line, fields: words(line.text) });
  }
  if (!any) noteEmpty(facts);
  else if (!header) note(facts, msg('The header line is missing.'));
  return body;
}

/**
 * `ss -lnt`, of any iproute2: State Recv-Q Send-Q Local Peer. For a listener Recv-Q is the current accept queue and
 * Send-Q its limit (tcp_diag_get_info in net/ipv4/tcp_diag.c). Rows `listener`, key `tcp ADDRESS:PORT`. Where the
 * kernel has no tcp_diag, ss falls back to /proc/net/tcp, which does not hold the limit, and prints 0 for all: then
 * `send_q` is left out.
 */
export function parseSsListen(text: string): Facts {
  const facts = new FactsBuilder();
  const keys = new KeyNumbers();
  const body = bodyOf(text, facts);
  const wildcard = wildcardOf(body.map(({ fields }) => [fields[3] ?? '', fields[4] ?? ''] as const));
  for (const { number, fields } of body) {
    const [state, recvQ = '', sendQ = '', address = ''] = fields;
    const local = parseLocal(address, wildcard);
    if (state !== 'LISTEN' || local === undefined) {
      noteUnknown(facts, number);
      continue;
    }
    const row = facts.row('listener', keys.next(`tcp ${local.key}`));
    row.labels.set('local', local.local);
    row.labels.set('address', local.address);
    row.labels.set('port', local.port);
    putLevel(facts, row.gauges, 'recv_q', recvQ, number);
    putLevel(facts, row.gauges, 'send_q', sendQ, number);
  }
  if (facts.rows.length > 0 && facts.rows.every((row) => row.gauges.get('send_q') === 0)) {
    for (const row of facts.rows) row.gauges.delete('send_q');
    note(facts, msg('The limits of the accept queues are missing: the kernel module tcp_diag is not loaded.'));
  }
  return facts;
}

/**
 * `ss -lntup`: Netid State Recv-Q Send-Q Local Peer [users:(…)]. Rows `listener` and `udp` under the keys of the other
 * sources, with the labels `process` and `pid` of the first owner and `pids` of all; without root only one's own processes are named.
 */
export function parseSsProcess(text: string): Facts {
  const facts = new FactsBuilder();
  const keys = new KeyNumbers();
  const body = bodyOf(text, facts);
  const wildcard = wildcardOf(body.map(({ fields }) => [fields[4] ?? '', fields[5] ?? ''] as const));
  for (const { number, text: line, fields } of body) {
    const [netid, state, , , address = ''] = fields;
    const local = parseLocal(address, wildcard);
    if ((netid !== 'tcp' && netid !== 'udp') || local === undefined) {
      noteUnknown(facts, number);
      continue;
    }
    if (netid === 'tcp' && state !== 'LISTEN') continue;
    const row = facts.row(netid === 'tcp' ? 'listener' : 'udp', keys.next(`${netid} ${local.key}`));
    row.labels.set('local', local.local);
    const owner = ownerOf(line);
    if (!owner) continue;
    row.labels.set('process', owner.process);
    row.labels.set('pid', owner.pid);
    row.labels.set('pids', pidsOf(line));
  }
  return facts;
}

/**
 * Half-open connections, counted by awk: lines `COUNT LOCAL`. Rows `synrecv` by local port (the addresses of one port
 * summed), gauge `synrecv.count`. Empty text means that there are none.
 */
export function parseSsSynRecv(text: string): Facts {
  const facts = new FactsBuilder();
  const halfOpen = new SynRecv(facts);
  const limit = new RowLimit(facts, MAX_ROWS);
  for (const line of lines(text)) {
    const [countText = '', address = '', ...rest] = words(line.text);
    const count = parseLevel(countText);
    const local = parseLocal(address, 'ipv6');
    if (count === undefined || count < 0 || local === undefined || rest.length > 0) {
      noteUnknown(facts, line.number);
      continue;
    }
    if (!limit.take()) break;
    halfOpen.add(local.port, count);
  }
  halfOpen.finish();
  return facts;
}
