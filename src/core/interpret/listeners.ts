import { msg } from '../message.js';
import { parserFor } from '../parse/index.js';
import { fieldLines, TableBuilder, toNumber, unknown } from './support.js';
import type { Interpreter, Mark } from './types.js';

/** Share of a queue's limit from which it counts as nearly full. */
const NEARLY_FULL = 0.8;

/** The port of a listener's key or address, for a sentence. */
const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1);

/**
 * `ss-listen`: `ss -lnt` or `ss -lntp`. A queue is full when Recv-Q is above Send-Q, because the kernel tests with `>`
 * (sk_acceptq_is_full in include/net/sock.h).
 */
export const interpretSsListen: Interpreter = ({ output }) => {
  const listeners = parserFor('ss_listen')?.(output).rows ?? [];
  // `ss -lntp` lacks the Netid column of `ss -lntup`; with it, the parser of that source names the owners.
  const owners = new Map(
    (parserFor('ss_process')?.(output.replace(/^LISTEN(?=[ \t])/gm, 'tcp LISTEN')).rows ?? []).map((row) => [row.key, row.labels]),
  );
  const table = new TableBuilder(msg('Accept queues'), [msg('Listener'), msg('Waiting'), msg('Limit'), msg('Process')]);
  let gravest: { readonly mark: Mark; readonly address: string; readonly waiting: number; readonly limit: number; readonly owner: ReadonlyMap<string, string> | undefined } | undefined;
  for (const row of listeners) {
    const waiting = row.gauges.get('recv_q');
    const limit = row.gauges.get('send_q');
    if (waiting === undefined || limit === undefined) continue;
    const mark: Mark = waiting > limit ? 'loss' : waiting > 0 && waiting >= limit * NEARLY_FULL && waiting > 1 ? 'risk' : 'ok';
    const address = row.labels.get('local') ?? row.key;
    const owner = owners.get(row.key);
    const process = owner?.get('process');
    table.add(row.key, [address, String(waiting), String(limit), process === undefined ? '' : `${process} (${owner?.get('pid') ?? ''})`], mark);
    if (mark !== 'ok' && (gravest === undefined || (mark === 'loss' && gravest.mark === 'risk') || (mark === gravest.mark && waiting > gravest.waiting))) {
      gravest = { mark, address, waiting, limit, owner };
    }
  }
  if (table.size === 0) {
    return /Recv-Q/.test(output.slice(0, 10_000))
      ? { verdict: 'ok', sentence: msg('No TCP socket listens here.'), tables: [] }
      : unknown(msg('Cannot tell, because ss printed no list of sockets.'));
  }
  const tables = [table.build('worst-first')];
  if (!gravest) return { verdict: 'ok', sentence: msg('None of {0} accept queues is near its limit.', table.size), tables };
  const { mark, address, waiting, limit } = gravest;
  const process = gravest.owner?.get('process');
  const pid = gravest.owner?.get('pid') ?? '';
  const port = portOf(address);
  if (mark === 'risk') return { verdict: 'risk', sentence: msg('Port {0}: {1} of {2} waiting: the accept queue is nearly full.', port, waiting, limit), tables };
  return {
    verdict: 'loss',
    sentence:
      process === undefined
        ? msg('Port {0}: {1} of {2} waiting: the accept queue is full. Only root can see whose it is.', port, waiting, limit)
        : msg('Port {0}: {1} of {2} waiting: the accept queue is full; ss names {3} (pid {4}).', port, waiting, limit, process, pid),
    tables,
  };
};

/** `syn-recv`: lines `HALF-OPEN LIMIT|- LISTENER` (or `HALF-OPEN LISTENER`), perhaps below a header. None means none. */
export const interpretSynRecv: Interpreter = ({ output, exit }) => {
  const table = new TableBuilder(msg('Half-open connections'), [msg('Listener'), msg('SYN-RECV'), msg('Limit')]);
  let total = 0;
  let gravest: { readonly address: string; readonly count: number; readonly limit: number } | undefined;
  for (const fields of fieldLines(output)) {
    const count = toNumber(fields[0]);
    const address = fields.at(-1) ?? '';
    const limit = fields.length === 3 ? toNumber(fields[1]) : undefined;
    if (count === undefined || (fields.length !== 2 && fields.length !== 3) || !/:\d{1,5}$/.test(address)) continue;
    total += count;
    const near = limit !== undefined && limit > 0 && count >= limit * NEARLY_FULL;
    table.add(address, [address, String(count), limit === undefined ? '' : String(limit)], near ? 'risk' : null);
    if (near && limit !== undefined && count > (gravest?.count ?? 0)) gravest = { address, count, limit };
  }
  if (table.size === 0) {
    return output.includes('half-open limit') || (output.trim() === '' && exit === 0)
      ? { verdict: 'ok', sentence: msg('No connection is half-open.'), tables: [] }
      : unknown(msg('Cannot tell, because ss printed no list of sockets.'));
  }
  const tables = [table.build('worst-first')];
  if (!gravest) return { verdict: 'ok', sentence: msg('{0} connections are half-open; no SYN queue is near its limit.', total), tables };
  const { address, count, limit } = gravest;
  if (count <= limit) return { verdict: 'risk', sentence: msg('Port {0}: {1} half-open, limit {2}: the SYN queue is nearly full.', portOf(address), count, limit), tables };
  return {
    verdict: 'risk',
    sentence: msg('Port {0}: {1} half-open, limit {2}: the SYN queue is full. With SYN cookies on nothing is dropped; with cookies off SYNs are.', portOf(address), count, limit),
    tables,
  };
};
