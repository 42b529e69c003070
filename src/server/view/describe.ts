import { msg } from '../../core/message.js';
import type { RowWindow, WindowView } from '../../core/observe/window.js';
import type { Translate } from '../../engine/report.js';
import { bits, bytes, count, percent, perSecond, speed } from './format.js';

/** A row in words: name, current state in one line, and more lines for the tooltip. Texts may contain names from the host. */
export interface RowText {
  readonly label: string;
  readonly description: string;
  readonly details: readonly string[];
}

/** Describes an interface, qdisc, socket … for the tree. */
export function describeRow(row: RowWindow, view: WindowView, translate: Translate): RowText {
  switch (row.table) {
    case 'listener':
      return listener(row, translate);
    case 'socket':
      return socket(row, translate);
    case 'udp':
      return udp(row, translate);
    case 'interface':
      return networkInterface(row, translate);
    case 'qdisc':
      return qdisc(row, view, translate);
    case 'cpu':
      return cpu(row, translate);
    case 'nic':
      return nic(row, view, translate);
    case 'synrecv':
    case 'halfclosed':
      return { label: row.key, description: count(now(row, 'count') ?? 0), details: [] };
    case 'process':
    case 'route':
    case 'neighbour':
    case 'nfqueue':
    case 'capture':
    case 'rule':
    case 'chain':
    case 'drop':
      return { label: row.key, description: '', details: [] };
  }
}

const now = (row: RowWindow, name: string): number | undefined => row.levels.get(name)?.after;

/** Increase per second, 0 when unknown. */
export function rowRate(row: RowWindow, name: string): number {
  const counter = row.counters.get(name);
  return counter?.delta !== undefined && counter.seconds > 0 ? counter.delta / counter.seconds : 0;
}

const join = (parts: readonly (string | undefined)[]): string => parts.filter((part) => part !== undefined && part !== '').join(' · ');

function listener(row: RowWindow, translate: Translate): RowText {
  const waiting = now(row, 'recv_q');
  const limit = now(row, 'send_q');
  const halfOpen = now(row, 'syn_recv') ?? 0;
  return {
    label: row.labels.get('local') ?? row.key,
    description: join([
      waiting === undefined ? undefined : translate(msg('{0} waiting', limit === undefined ? count(waiting) : `${count(waiting)}/${count(limit)}`)),
      halfOpen > 0 ? translate(msg('{0} half open', count(halfOpen))) : undefined,
      row.labels.get('process'),
    ]),
    details: [translate(msg('Connections that wait for accept(), and the limit: min(listen backlog, net.core.somaxconn).'))],
  };
}

function socket(row: RowWindow, translate: Translate): RowText {
  const limited = now(row, 'rwnd_limited_pct');
  const received = now(row, 'recv_q') ?? 0;
  const sent = now(row, 'send_q') ?? 0;
  const unsent = now(row, 'notsent');
  return {
    label: `${row.labels.get('local') ?? row.key} → ${row.labels.get('peer') ?? '?'}`,
    description: join([
      received > 0 || sent === 0 ? translate(msg('Recv-Q {0}', bytes(received))) : undefined,
      sent > 0 ? translate(msg('Send-Q {0}', bytes(sent))) : undefined,
      limited !== undefined && limited > 0 ? `rwnd_limited ${limited} %` : undefined,
      row.labels.get('process'),
    ]),
    details: [
      translate(msg('Recv-Q: received, not read by the program. Send-Q: not yet acknowledged by the peer, sent or not.')),
      ...(unsent === undefined ? [] : [translate(msg('Not yet sent: {0}', bytes(unsent)))]),
    ],
  };
}

function udp(row: RowWindow, translate: Translate): RowText {
  const drops = row.counters.get('drops');
  const rate = rowRate(row, 'drops');
  return {
    label: row.labels.get('local') ?? row.key,
    description: join([
      rate > 0 ? translate(msg('{0} dropped/s', perSecond(rate))) : undefined,
      translate(msg('Recv-Q {0}', bytes(now(row, 'recv_q') ?? 0))),
      row.labels.get('process'),
    ]),
    details: drops && Number(drops.after) > 0 ? [translate(msg('Dropped since it was opened: {0}', count(Number(drops.after))))] : [],
  };
}

function networkInterface(row: RowWindow, translate: Translate): RowText {
  const state = row.labels.get('operstate');
  const mtu = now(row, 'mtu');
  return {
    label: row.key,
    description: join([
      `↓ ${bits(rowRate(row, 'rx_bytes'))}`,
      `↑ ${bits(rowRate(row, 'tx_bytes'))}`,
      state,
      mtu === undefined ? undefined : `mtu ${mtu}`,
    ]),
    details: [
      translate(msg('Received {0} packets/s, sent {1} packets/s.', perSecond(rowRate(row, 'rx_packets')), perSecond(rowRate(row, 'tx_packets')))),
    ],
  };
}

function qdisc(row: RowWindow, view: WindowView, translate: Translate): RowText {
  const dropped = row.counters.get('dropped');
  const rate = rowRate(row, 'dropped');
  const length = view.rows.get('interface')?.get(row.labels.get('dev') ?? '')?.levels.get('tx_queue_len')?.after;
  return {
    label: `${row.labels.get('dev') ?? '?'} ${row.labels.get('kind') ?? row.key} ${row.labels.get('handle') ?? ''}`.trimEnd(),
    description: join([
      rate > 0 ? translate(msg('{0} dropped/s', perSecond(rate))) : undefined,
      translate(msg('{0} waiting', count(now(row, 'backlog_packets') ?? 0))),
    ]),
    details: [
      translate(msg('Packets waiting: {0}, dropped since it was made: {1}', count(now(row, 'backlog_packets') ?? 0), count(Number(dropped?.after ?? 0)))),
      row.labels.get('options') ?? '',
      ...(length === undefined ? [] : [translate(msg('txqueuelen of the interface: {0} (only pfifo_fast follows it while running).', length))]),
    ].filter((line) => line !== ''),
  };
}

function cpu(row: RowWindow, translate: Translate): RowText {
  const dropped = rowRate(row, 'dropped');
  const squeezed = rowRate(row, 'time_squeeze');
  return {
    label: translate(msg('CPU {0}', row.key)),
    description: join([
      dropped > 0 ? translate(msg('{0} dropped/s', perSecond(dropped))) : undefined,
      translate(msg('{0} packets/s', perSecond(rowRate(row, 'processed')))),
      squeezed > 0 ? translate(msg('time_squeeze {0}/s', perSecond(squeezed))) : undefined,
    ]),
    details: [translate(msg('time_squeeze is more work than one round allows, not loss.'))],
  };
}

function nic(row: RowWindow, view: WindowView, translate: Translate): RowText {
  const link = view.rows.get('interface')?.get(row.key);
  const mbit = link?.levels.get('speed')?.after;
  const ring = now(row, 'ring_rx');
  const ringMax = now(row, 'ring_rx_max');
  const use = link && mbit ? percent(Math.max(rowRate(link, 'rx_bytes'), rowRate(link, 'tx_bytes')) * 8, mbit * 1e6) : undefined;
  return {
    label: row.key,
    description: join([
      mbit === undefined ? translate(msg('speed unknown')) : speed(mbit),
      use === undefined ? undefined : translate(msg('{0} used', use)),
      ring === undefined ? undefined : translate(msg('rx ring {0} of {1}', count(ring), count(ringMax ?? ring))),
      row.labels.get('driver'),
    ]),
    details: [],
  };
}
