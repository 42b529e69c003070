import type { TableName } from '../facts.js';
import type { CounterWindow, LevelWindow, RowWindow, WindowView } from './window.js';

/**
 * Driver counters that mean "the receive ring had no free descriptor". Names differ by driver; taken from the drivers'
 * own string tables: e1000e/igb/ixgbe `rx_no_buffer_count`, `rx_missed_errors`, ixgbe `rx_no_dma_resources`, mlx5
 * `rx_out_of_buffer`, i40e `port.rx_discards` (`port.rx_dropped` before it had that name), ice `rx_dropped.nic`, igb
 * `rx_queue_N_drops`, virtio `rxN_drops`, gve `rx_queue_drop_cnt`, bnxt `rx_total_ring_discards`, vmxnet3 `pkts rx OOB`.
 */
const RING_OVERFLOW =
  /^(rx_no_buffer_count|rx_missed_errors|rx_missed|rx_no_dma_resources|rx_out_of_buffer|rx_fifo_errors|rx_discards(_phy)?|port\.rx_(discards|dropped)|rx_dropped\.nic|rx_queue_\d+_drops|rx\d+_drops|rx_drops|rx_queue_drop_cnt.*|rx_total_ring_discards|pkts rx (OOB|out of buf))$/;

/** Frames that arrived damaged. */
const CRC = /^(rx_crc_errors|rx_crc_errors_phy|rx_crc_errors\.nic|port\.rx_crc_errors|crc_errors|rx_fcs_errors|rx_frame_check_sequence_errors|rx_fcs_err_frames)$/;

/** AWS ENA: packets shaped away because the instance exceeded an allowance (ena_ethtool.c). */
const ALLOWANCE = /_allowance_exceeded$/;

/** Packets that an XDP program discarded: virtio and veth `rx_xdp_drops`, `rx_queue_N_xdp_drops`, mlx5 `rx_xdp_drop`, ena `queue_N_rx_xdp_drop`. */
const XDP_DROPS = /^(rx_xdp_drops?|rx\d+_xdp_drops?|rx_queue_\d+_xdp_drops?|queue_\d+_rx_xdp_drop)$/;

/** No memory for a receive buffer: e1000e/igb/ixgbe `alloc_rx_buff_failed`, mlx5 `rx_buff_alloc_err`, ena `queue_N_rx_page_alloc_fail`, bnxt and others. */
const ALLOC_FAIL = /^(alloc_rx_(buff|page)_failed|rx_alloc(_rx)?(_buff|_page)?_fail(ed|ures?)?|rx\d*_buff_alloc_err|rx_(buf|skb|page)_alloc_fail.*|queue_\d+_rx_(page|skb)_alloc_fail|rx buf alloc fail)$/;

/** The link partner asked for a pause: e1000e/igb/ixgbe `rx_flow_control_xoff`, mlx5 `rx_pause_ctrl_phy`, i40e/ice `link_xoff_rx`, tg3 and bnxt. */
const PAUSE_RX = /^(rx_flow_control_xoff|rx_pause(_frames|_ctrl_phy)?|port\.link_xoff_rx|link_xoff_rx(\.nic)?|rx_xoff_pause_rcvd|rx_pause_ctrl)$/;

/** This NIC asked its partner for a pause, because its own buffers were full. */
const PAUSE_TX = /^(tx_flow_control_xoff|tx_pause(_frames|_ctrl_phy)?|port\.link_xoff_tx|link_xoff_tx(\.nic)?|tx_xoff_sent|tx_pause_ctrl)$/;

/** A transmit queue made no progress: virtio `tx_tx_timeouts`, `txN_tx_timeouts`, igb/e1000e `tx_timeout_count`, vmxnet3 `tx timeout count`, i40e `port.tx_timeout`, ena `tx_timeout`. */
const TX_TIMEOUT = /^(tx\d*_tx_timeouts?|tx_timeouts?|tx_timeout_count|tx timeout count|port\.tx_timeout|queue_\d+_tx_timeouts?)$/;

/** Received frames of a length that the NIC refuses. */
const OVERSIZE = /^(rx_long_length_errors|rx_oversize(_errors|_packets_phy|_pkts|_frames)?|port\.rx_oversize|rx_oversize\.nic|rx_ovrsz_frames|rx_jabbers?(_phy)?|rx_length_errors)$/;

/** Blocks that forward error correction could not repair: bnxt, mlx5, ice. */
const FEC_LOST = /^(rx_fec_uncorrectable_blocks|fec_uncorrect(able|ed)?_(blocks|errors).*|rx_pcs_symbol_err_phy|rx_err_lane_\d+_phy|fec_uncorrectable_cw.*)$/;

/** Frames that the NIC's own filter refused: mlx5 `rx_steer_missed_packets`, qede `mac_filter_discards`, bnx2x `rx_filtered_packets`. */
const FILTERED = /^(rx_steer_missed_packets|mac_filter_discards|rx_filtered_packets|rx_vlan_filter_drops?)$/;

/** Segments joined in hardware or by the driver (LRO), which must not be forwarded: ixgbe, mlx5, bnx2x, qede. */
const LRO = /^(lro_aggregated|hw_rsc_aggregated|rx_lro_packets|rx\d*_lro_packets|rx_lro_pkts|num_tpa_pkts|\[\d+\]: tpa_aggregations)$/;

const SUMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['ring_overflow', RING_OVERFLOW],
  ['crc', CRC],
  ['allowance_exceeded', ALLOWANCE],
  ['xdp_drops', XDP_DROPS],
  ['alloc_fail', ALLOC_FAIL],
  ['pause_rx', PAUSE_RX],
  ['pause_tx', PAUSE_TX],
  ['tx_timeouts', TX_TIMEOUT],
  ['oversize', OVERSIZE],
  ['fec_lost', FEC_LOST],
  ['filtered', FILTERED],
  ['lro', LRO],
];

/**
 * Adds what no single source says: driver counters of one meaning summed under one name, half-open and half-closed connections,
 * open files and process names at the listener they belong to.
 */
export function derive(view: WindowView): WindowView {
  const rows = new Map(view.rows);
  const nics = view.rows.get('nic');
  if (nics) rows.set('nic', mapRows(nics, withSums));
  const listeners = view.rows.get('listener');
  if (listeners) {
    const halfOpen = view.rows.get('synrecv');
    const read = halfOpen !== undefined || !view.unreadable.has('ss_synrecv');
    const processes = view.rows.get('process');
    const closed = view.rows.get('halfclosed');
    const closing = view.levels.has('closewait.count');
    rows.set(
      'listener',
      mapRows(listeners, (row) => {
        const counted = read ? withLevel(row, 'syn_recv', levelAt(halfOpen, row)) : row;
        return withFiles(closing ? withLevel(counted, 'close_wait', levelAt(closed, row)) : counted, processes);
      }),
    );
  }
  const halfClosed = view.rows.get('halfclosed');
  if (halfClosed && listeners) rows.set('halfclosed', mapRows(halfClosed, (row) => atListener(row, listeners)));
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

/** The level `count` of a table by port, at the port of this listener; 0 where the table does not list it. */
function levelAt(table: ReadonlyMap<string, RowWindow> | undefined, row: RowWindow): LevelWindow {
  const port = row.labels.get('port');
  return (port === undefined ? undefined : table?.get(port)?.levels.get('count')) ?? { before: 0, after: 0, min: 0, max: 0 };
}

function withLevel(row: RowWindow, name: string, level: LevelWindow): RowWindow {
  return { ...row, levels: new Map(row.levels).set(name, level) };
}

/** Open files and their limit, of the owner of a listener that is closest to its limit. */
function withFiles(row: RowWindow, processes: ReadonlyMap<string, RowWindow> | undefined): RowWindow {
  const pids = (row.labels.get('pids') ?? row.labels.get('pid') ?? '').split(',');
  let worst: readonly [fds: LevelWindow, limit: LevelWindow] | undefined;
  for (const pid of pids) {
    const levels = processes?.get(pid)?.levels;
    const fds = levels?.get('fds');
    const limit = levels?.get('fd_limit');
    if (fds && limit && (worst === undefined || fds.after * worst[1].after > worst[0].after * limit.after)) worst = [fds, limit];
  }
  return worst ? withLevel(withLevel(row, 'fds', worst[0]), 'fd_limit', worst[1]) : row;
}

/** Address and process of the listener at this row's port. */
function atListener(row: RowWindow, listeners: ReadonlyMap<string, RowWindow>): RowWindow {
  const listener = [...listeners.values()].find((each) => each.labels.get('port') === row.key);
  if (listener === undefined) return row;
  const labels = new Map(row.labels);
  for (const name of ['local', 'process']) {
    const value = listener.labels.get(name);
    if (value !== undefined) labels.set(name, value);
  }
  return { ...row, labels };
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
