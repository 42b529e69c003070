import type { TableName } from '../facts.js';
import type { CounterWindow, LevelWindow, RowWindow, WindowView } from './window.js';

/**
 * Driver counters that mean "the receive ring had no free descriptor". Names differ by driver; taken from the drivers'
 * own string tables: e1000e/igb/ixgbe `rx_no_buffer_count`, `rx_missed_errors`, ixgbe `rx_no_dma_resources`, mlx5
 * `rx_out_of_buffer`, i40e/ice `port.rx_discards`, `rx_dropped.nic`, igb `rx_queue_N_drops`, virtio `rxN_drops`,
 * gve `rx_queue_drop_cnt`, vmxnet3 `drv dropped rx total`.
 */
const RING_OVERFLOW =
  /^(rx_no_buffer_count|rx_missed_errors|rx_missed|rx_no_dma_resources|rx_out_of_buffer|rx_fifo_errors|rx_discards(_phy)?|port\.rx_discards|rx_dropped\.nic|rx_queue_\d+_drops|rx\d+_drops|rx_drops|rx_queue_drop_cnt.*|rx_buf_alloc_fail|drv dropped rx total)$/;

/** Frames that arrived damaged. */
const CRC = /^(rx_crc_errors|rx_crc_errors_phy|rx_crc_errors\.nic|port\.rx_crc_errors|crc_errors|rx_fcs_errors|rx_frame_check_sequence_errors)$/;

/** AWS ENA: packets shaped away because the instance exceeded an allowance (ena_ethtool.c). */
const ALLOWANCE = /_allowance_exceeded$/;

const SUMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['ring_overflow', RING_OVERFLOW],
  ['crc', CRC],
  ['allowance_exceeded', ALLOWANCE],
];

/**
 * Adds what no single source says: driver counters of one meaning summed under one name, half-open connections and
 * process names at the listener they belong to.
 */
export function derive(view: WindowView): WindowView {
  const rows = new Map(view.rows);
  const nics = view.rows.get('nic');
  if (nics) rows.set('nic', mapRows(nics, withSums));
  const listeners = view.rows.get('listener');
  if (listeners) {
    const halfOpen = view.rows.get('synrecv');
    const read = halfOpen !== undefined || !view.unreadable.has('ss_synrecv');
    rows.set('listener', mapRows(listeners, (row) => (read ? withSynRecv(row, halfOpen) : row)));
  }
  const sockets = view.rows.get('socket');
  if (sockets && listeners) rows.set('socket', mapRows(sockets, (row) => withProcess(row, listeners)));
  return { ...view, rows };
}

function mapRows(rows: ReadonlyMap<string, RowWindow>, change: (row: RowWindow) => RowWindow): ReadonlyMap<string, RowWindow> {
  return new Map([...rows].map(([key, row]) => [key, change(row)]));
}

function withSums(row: RowWindow): RowWindow {
  const counters = new Map(row.counters);
  for (const [name, pattern] of SUMS) {
    const parts = [...row.counters].filter(([own]) => pattern.test(own)).map(([, counter]) => counter);
    if (parts.length > 0) counters.set(name, sum(parts));
  }
  return { ...row, counters };
}

/** Drivers repeat one event under several names (per queue and in total): the largest is the number of events. */
function sum(parts: readonly CounterWindow[]): CounterWindow {
  return parts.reduce((a, b) => ((b.delta ?? -1) > (a.delta ?? -1) || ((b.delta ?? -1) === (a.delta ?? -1) && b.after > a.after) ? b : a));
}

function withSynRecv(row: RowWindow, halfOpen: ReadonlyMap<string, RowWindow> | undefined): RowWindow {
  const port = row.labels.get('port');
  const none: LevelWindow = { before: 0, after: 0, min: 0, max: 0 };
  const count = (port === undefined ? undefined : halfOpen?.get(port)?.levels.get('count')) ?? none;
  return { ...row, levels: new Map(row.levels).set('syn_recv', count) };
}

/** A server's connection has its listener's port; `ss -p` may have named only the listener's process. */
function withProcess(row: RowWindow, listeners: ReadonlyMap<string, RowWindow>): RowWindow {
  if (row.labels.has('process')) return row;
  const local = row.labels.get('local');
  const port = local?.slice(local.lastIndexOf(':') + 1);
  for (const listener of listeners.values()) {
    const process = listener.labels.get('process');
    if (process !== undefined && listener.labels.get('port') === port) {
      return { ...row, labels: new Map(row.labels).set('process', process) };
    }
  }
  return row;
}

/** The rows of a table in a stable order. */
export function rowsOf(view: WindowView, table: TableName): readonly RowWindow[] {
  const rows = [...(view.rows.get(table)?.values() ?? [])];
  const collator = new Intl.Collator('en', { numeric: true });
  return rows.sort((a, b) => collator.compare(a.key, b.key));
}
