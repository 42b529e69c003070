import type { Facts, Row } from '../facts.js';
import { msg, type Message } from '../message.js';
import { parserFor } from '../parse/index.js';
import { readings, TableBuilder, unknown, worst } from './support.js';
import type { Interpreter, Mark } from './types.js';

/** Percent of the sending time from which a limit counts. */
const LIMITED = 20;

/** What holds a connection up. `before` is its state some seconds earlier, where that was looked at. */
function judge(row: Row, before: Row | undefined): { readonly mark: Mark | null; readonly text: Message } {
  const gauge = (name: string): number => row.gauges.get(name) ?? 0;
  const unread = gauge('recv_q');
  const unsent = gauge('send_q');
  const buffer = gauge('skmem_rb');
  if (unread > 0 && buffer > 0 && gauge('skmem_r') >= buffer * 0.9) return { mark: 'loss', text: msg('The program here does not read: its receive buffer is full and the peer has to wait.') };
  if (unsent > 0 && row.labels.get('timer') === 'persist') return { mark: 'loss', text: msg('The peer does not read: its window is closed and this side has to wait.') };
  if (unsent > 0 && gauge('backoff') > 0) return { mark: 'loss', text: msg('Nothing is acknowledged and the timeout doubles: the path loses, or the peer is gone.') };
  if (unsent > 0 && gauge('rwnd_limited_pct') >= LIMITED) return { mark: 'risk', text: msg('The peer reads slowly: its window limits the rate.') };
  if (unsent > 0 && gauge('sndbuf_limited_pct') >= LIMITED) return { mark: 'risk', text: msg('The send buffer here limits the rate.') };
  if (unsent > 0 && gauge('lost') > 0) return { mark: 'risk', text: msg('Segments are being retransmitted.') };
  if (before === undefined) return { mark: null, text: unread > 0 ? msg('Data waits to be read.') : msg('Data is on its way.') };
  if (unread > 0 && unread >= (before.gauges.get('recv_q') ?? 0) && (before.gauges.get('recv_q') ?? 0) > 0) {
    return { mark: 'risk', text: msg('Unread data stays: the program here is slow.') };
  }
  return { mark: null, text: msg('Data is on its way.') };
}

/**
 * `ss-established`: one or two readings of `ss -tnmoip state established`, reduced to sockets with a queue. With two,
 * the sentence speaks of queues that stay.
 */
export const interpretSsEstablished: Interpreter = ({ output }) => {
  const parse = parserFor('ss_established');
  const [firstText, secondText] = readings(output);
  if (parse === undefined || !/Recv-Q/.test(output.slice(0, 10_000))) return unknown(msg('Cannot tell, because ss printed no list of sockets.'));
  const first: Facts = parse(firstText);
  const earlier = new Map(first.rows.map((row) => [row.key, row]));
  const rows = secondText === undefined ? first.rows : parse(secondText).rows;
  const table = new TableBuilder(msg('Connections with waiting data'), [
    msg('Local'),
    msg('Peer'),
    msg('Process'),
    msg('Unread (Recv-Q)'),
    msg('Unacknowledged or unsent (Send-Q)'),
    msg('What holds it up'),
  ]);
  const found: { readonly mark: Mark | null; readonly text: Message; readonly row: Row }[] = [];
  for (const row of rows) {
    const { mark, text } = judge(row, secondText === undefined ? undefined : earlier.get(row.key));
    const process = row.labels.get('process');
    table.add(
      row.key,
      [
        row.labels.get('local') ?? '',
        row.labels.get('peer') ?? '',
        process === undefined ? '' : `${process} (${row.labels.get('pid') ?? ''})`,
        String(row.gauges.get('recv_q') ?? '?'),
        String(row.gauges.get('send_q') ?? '?'),
        text,
      ],
      mark,
    );
    found.push({ mark, text, row });
  }
  const verdict = worst(found.map((one) => one.mark));
  const tables = table.size === 0 ? [] : [table.build('worst-first')];
  const held = found.filter((one) => one.mark === verdict);
  const [example] = held;
  if (verdict === 'ok' || example === undefined) {
    return {
      verdict: 'ok',
      sentence: table.size === 0 ? msg('No established connection has waiting data.') : msg('{0} connections have data on the way; none is held up.', table.size),
      tables,
    };
  }
  const local = example.row.labels.get('local') ?? '';
  const peer = example.row.labels.get('peer') ?? '';
  const recvQ = example.row.gauges.get('recv_q') ?? 0;
  const process = example.row.labels.get('process') ?? '?';
  if (recvQ > 0) {
    return { verdict, sentence: msg('{0} connections are held up. First: {1} has {2} bytes unread from {3}; the slow reader is here: {4}.', held.length, local, recvQ, peer, process), tables };
  }
  return {
    verdict,
    sentence: msg('{0} connections are held up. First: {1} bytes from {2} to {3} are unsent or unacknowledged; the table says what holds them up.', held.length, example.row.gauges.get('send_q') ?? 0, local, peer),
    tables,
  };
};
