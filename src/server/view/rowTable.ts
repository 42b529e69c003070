import type { TableName } from '../../core/facts.js';
import { msg, type Message } from '../../core/message.js';
import { isTableOfWholeHost, WHOLE_HOST } from '../../core/namespaces/wholeHost.js';
import { rowsOf } from '../../core/observe/derive.js';
import type { RowWindow, WindowView } from '../../core/observe/window.js';
import type { StepVerdict, TableView } from '../../protocol/runbook.js';
import { rowRate } from './describe.js';
import { bits, bytes, count, oneLine, percent, perSecond, speed } from './format.js';
import { Judgement, worst } from './judgement.js';
import type { StepInput } from './steps.js';

/** Rows that one table of a step lists at most. */
const MOST_ROWS = 50;

interface Column {
  readonly title: Message;
  /** Most cells are values; a sentence is given as a message. */
  cell(row: RowWindow, view: WindowView): string | Message;
}

const label = (title: Message, name: string): Column => ({ title, cell: (row) => row.labels.get(name) ?? '' });
const rate = (title: string): Column => ({
  title: msg('{0}/s', title),
  cell: (row) => (row.counters.has(title) ? perSecond(rowRate(row, title)) : '–'),
});
const level = (title: Message, name: string, show: (value: number) => string): Column => ({
  title,
  cell: (row) => {
    const value = row.levels.get(name)?.after;
    return value === undefined ? '–' : show(value);
  },
});

/** Utilisation of one direction against the link's speed: a full-duplex link has its speed in each. */
const used = (title: Message, counter: string): Column => ({
  title,
  cell: (row) => {
    const mbit = row.levels.get('speed')?.after;
    return mbit === undefined ? '–' : percent(rowRate(row, counter) * 8, mbit * 1e6);
  },
});

const COLUMNS: Readonly<Record<TableName, readonly Column[]>> = {
  interface: [
    { title: msg('Interface'), cell: (row) => row.key },
    { title: msg('In'), cell: (row) => bits(rowRate(row, 'rx_bytes')) },
    { title: msg('Out'), cell: (row) => bits(rowRate(row, 'tx_bytes')) },
    { title: msg('In packets/s'), cell: (row) => perSecond(rowRate(row, 'rx_packets')) },
    { title: msg('Out packets/s'), cell: (row) => perSecond(rowRate(row, 'tx_packets')) },
    used(msg('In used'), 'rx_bytes'),
    used(msg('Out used'), 'tx_bytes'),
    level(msg('Speed'), 'speed', speed),
    level(msg('MTU'), 'mtu', String),
    ...['rx_dropped', 'rx_missed_errors', 'rx_fifo_errors', 'rx_nohandler', 'rx_otherhost_dropped', 'tx_dropped', 'carrier_changes'].map(rate),
  ],
  nic: [
    { title: msg('Interface'), cell: (row) => row.key },
    label(msg('Driver'), 'driver'),
    level(msg('rx ring'), 'ring_rx', count),
    level(msg('rx ring, largest'), 'ring_rx_max', count),
    level(msg('tx ring'), 'ring_tx', count),
    level(msg('tx ring, largest'), 'ring_tx_max', count),
    { title: msg('Driver counters that moved'), cell: (row) => moved(row) },
  ],
  qdisc: [
    label(msg('Interface'), 'dev'),
    label(msg('Kind'), 'kind'),
    label(msg('Handle'), 'handle'),
    rate('dropped'),
    rate('overlimits'),
    { title: msg('Sent'), cell: (row) => bits(rowRate(row, 'sent_bytes')) },
    level(msg('Waiting packets'), 'backlog_packets', count),
    level(msg('Limit'), 'limit', count),
    { title: msg('txqueuelen'), cell: (row, view) => String(view.rows.get('interface')?.get(row.labels.get('dev') ?? '')?.levels.get('tx_queue_len')?.after ?? '–') },
  ],
  listener: [
    { title: msg('Listener'), cell: (row) => row.labels.get('local') ?? row.key },
    level(msg('Waiting (Recv-Q)'), 'recv_q', count),
    level(msg('Limit (Send-Q)'), 'send_q', count),
    level(msg('Half open (SYN-RECV)'), 'syn_recv', count),
    label(msg('Process'), 'process'),
  ],
  synrecv: [
    { title: msg('Port'), cell: (row) => row.key },
    level(msg('Half open (SYN-RECV)'), 'count', count),
  ],
  socket: [
    { title: msg('Local'), cell: (row) => row.labels.get('local') ?? row.key },
    label(msg('Peer'), 'peer'),
    level(msg('Recv-Q'), 'recv_q', bytes),
    level(msg('Send-Q'), 'send_q', bytes),
    level(msg('notsent'), 'notsent', bytes),
    level(msg('rwnd_limited'), 'rwnd_limited_pct', (value) => `${value} %`),
    level(msg('sndbuf_limited'), 'sndbuf_limited_pct', (value) => `${value} %`),
    label(msg('Timer'), 'timer'),
    label(msg('Process'), 'process'),
    { title: msg('Who is slow'), cell: (row) => whoIsSlow(row) },
  ],
  udp: [
    { title: msg('Socket'), cell: (row) => row.labels.get('local') ?? row.key },
    level(msg('Recv-Q'), 'recv_q', bytes),
    rate('drops'),
    label(msg('Process'), 'process'),
  ],
  cpu: [
    { title: msg('CPU'), cell: (row) => row.key },
    ...['processed', 'dropped', 'time_squeeze', 'flow_limit_count'].map(rate),
  ],
  halfclosed: [{ title: msg('Port'), cell: (row) => row.key }, level(msg('Connections'), 'count', count)],
  process: [label(msg('Process'), 'process'), level(msg('Open files'), 'fds', count), level(msg('Limit'), 'fd_limit', count)],
  route: [{ title: msg('Route or rule'), cell: (row) => row.key }, label(msg('Made by'), 'proto')],
  neighbour: [{ title: msg('Neighbour'), cell: (row) => row.key }, label(msg('State'), 'state'), label(msg('MAC address'), 'lladdr')],
  nfqueue: [{ title: msg('Queue'), cell: (row) => row.key }, level(msg('Waiting'), 'waiting', count), ...['queue_dropped', 'user_dropped'].map(rate)],
  capture: [{ title: msg('Capture on'), cell: (row) => row.key }, rate('drops')],
  rule: [{ title: msg('Rule'), cell: (row) => row.key }, label(msg('Verdict'), 'verdict'), rate('packets')],
  chain: [{ title: msg('Chain'), cell: (row) => row.key }, label(msg('Policy'), 'policy'), rate('packets')],
  drop: [{ title: msg('Reason and place'), cell: (row) => row.key }, rate('events')],
};

const CAPTIONS: Readonly<Record<TableName, Message>> = {
  interface: msg('Interfaces'),
  nic: msg('Network cards'),
  qdisc: msg('Queueing disciplines'),
  listener: msg('Listeners'),
  synrecv: msg('Half-open connections'),
  socket: msg('Connections with waiting data'),
  udp: msg('UDP sockets'),
  cpu: msg('Softnet per CPU'),
  halfclosed: msg('Connections that wait to be closed'),
  process: msg('Open files of listening programs'),
  route: msg('Routes and rules that refuse packets'),
  neighbour: msg('Neighbours that do not answer, and static ones'),
  nfqueue: msg('Netfilter queues'),
  capture: msg('Captures'),
  rule: msg('Firewall rules'),
  chain: msg('Firewall chains'),
  drop: msg('Drops by reason'),
};

/** The rows of a table with their values of the last seconds; rows with a finding first, else in a fixed order. */
export function rowTable(table: TableName, input: StepInput): TableView {
  const judgement = new Judgement(input.diagnosis);
  const all = rowsOf(input.view, table);
  const columns = COLUMNS[table];
  const caption = input.translate(CAPTIONS[table]);
  const shared = input.view.inNamespace === true && isTableOfWholeHost(table);
  const rows = all.slice(0, MOST_ROWS).map((row) => {
    const health = worst(judgement.ofRow(row), 'idle');
    const mark: StepVerdict | null = health === 'idle' ? null : health;
    return { key: row.key, cells: columns.map((column) => cellText(column.cell(row, input.view), input)), mark };
  });
  return {
    caption: shared ? `${caption} · ${input.translate(WHOLE_HOST)}` : caption,
    columns: columns.map((column) => input.translate(column.title)),
    rows,
    more: Math.max(0, all.length - MOST_ROWS),
  };
}

function cellText(cell: string | Message, input: StepInput): string {
  return typeof cell === 'string' ? oneLine(cell, 200) : input.translate(cell);
}

function moved(row: RowWindow): string {
  const names = [...row.counters]
    .filter(([name, counter]) => (counter.delta ?? 0) > 0 && /drop|miss|err|fail|no_buf|fifo|discard|crc|exceeded|timeout|full/i.test(name))
    .map(([name, counter]) => `${name} +${count(counter.delta ?? 0)}`);
  return names.slice(0, 8).join(', ') || '–';
}

/** Data that waits here to be read is this side's doing; data that waits for the peer's window is the peer's. */
function whoIsSlow(row: RowWindow): string | Message {
  const lowest = (name: string): number => row.levels.get(name)?.min ?? 0;
  if (lowest('recv_q') > 0) return msg('this program does not read');
  if (lowest('send_q') > 0 && (row.labels.get('timer') === 'persist' || (row.levels.get('rwnd_limited_pct')?.after ?? 0) > 0)) return msg('the peer does not read');
  return '';
}
