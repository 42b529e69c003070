/** What `ethtool -S` prints for a driver, in short: names as in the driver's own tables, in its order and indentation. */
export interface Driver {
  readonly name: string;
  readonly statistics: readonly string[];
}

const INTEL_COMMON = ['rx_packets', 'tx_packets', 'rx_bytes', 'tx_bytes', 'rx_broadcast', 'tx_broadcast', 'rx_multicast', 'tx_multicast'];
const INTEL_ERRORS = ['rx_errors', 'tx_errors', 'tx_dropped', 'multicast', 'collisions', 'rx_length_errors', 'rx_over_errors', 'rx_crc_errors', 'rx_frame_errors'];
const INTEL_PAUSE = ['tx_flow_control_xon', 'rx_flow_control_xon', 'tx_flow_control_xoff', 'rx_flow_control_xoff'];

/** drivers/net/ethernet/intel/e1000e/ethtool.c */
const E1000E: Driver = {
  name: 'e1000e',
  statistics: [...INTEL_COMMON, ...INTEL_ERRORS, 'rx_no_buffer_count', 'rx_missed_errors', 'tx_aborted_errors', 'tx_carrier_errors', 'tx_timeout_count', 'tx_restart_queue', 'rx_long_length_errors', 'rx_short_length_errors', ...INTEL_PAUSE, 'rx_csum_offload_good', 'rx_csum_offload_errors', 'alloc_rx_buff_failed', 'rx_dma_failed', 'tx_dma_failed'],
};
/** drivers/net/ethernet/intel/igb/igb_ethtool.c */
const IGB: Driver = {
  name: 'igb',
  statistics: [...INTEL_COMMON, 'collisions', 'rx_crc_errors', 'rx_no_buffer_count', 'rx_missed_errors', 'tx_aborted_errors', 'tx_carrier_errors', 'rx_long_length_errors', ...INTEL_PAUSE, 'tx_timeout_count', 'rx_errors', 'tx_errors', 'rx_length_errors', 'rx_over_errors', 'rx_frame_errors', 'rx_fifo_errors', 'tx_queue_0_packets', 'tx_queue_0_restart', 'rx_queue_0_packets', 'rx_queue_0_drops', 'rx_queue_0_csum_err', 'rx_queue_0_alloc_failed', 'rx_queue_1_drops'],
};
/** drivers/net/ethernet/intel/ixgbe/ixgbe_ethtool.c */
const IXGBE: Driver = {
  name: 'ixgbe',
  statistics: ['rx_packets', 'tx_packets', 'rx_bytes', 'tx_bytes', 'rx_pkts_nic', 'tx_pkts_nic', 'lsc_int', 'tx_busy', 'non_eop_descs', 'rx_errors', 'rx_dropped', 'rx_no_buffer_count', 'collisions', 'rx_over_errors', 'rx_crc_errors', 'rx_frame_errors', 'hw_rsc_aggregated', 'fdir_match', 'fdir_miss', 'rx_fifo_errors', 'rx_missed_errors', 'tx_timeout_count', 'rx_long_length_errors', ...INTEL_PAUSE, 'rx_csum_offload_errors', 'alloc_rx_page_failed', 'alloc_rx_buff_failed', 'rx_no_dma_resources', 'fcoe_bad_fccrc', 'tx_queue_0_packets', 'rx_queue_0_packets'],
};
/** drivers/net/ethernet/intel/i40e/i40e_ethtool.c; `port.rx_discards` was `port.rx_dropped` in older kernels. */
const I40E: Driver = {
  name: 'i40e',
  statistics: ['rx_packets', 'tx_packets', 'rx_errors', 'rx_dropped', 'collisions', 'rx_length_errors', 'rx_crc_errors', 'rx_unicast', 'rx_unknown_protocol', 'tx_linearize', 'rx_alloc_fail', 'rx_pg_alloc_fail', 'tx-0.packets', 'rx-0.packets', 'port.rx_bytes', 'port.tx_errors', 'port.rx_dropped', 'port.tx_dropped_link_down', 'port.rx_crc_errors', 'port.illegal_bytes', 'port.tx_timeout', 'port.rx_csum_bad', 'port.rx_length_errors', 'port.link_xon_rx', 'port.link_xoff_rx', 'port.link_xon_tx', 'port.link_xoff_tx', 'port.rx_undersize', 'port.rx_oversize', 'port.rx_jabber'],
};
/** drivers/net/ethernet/intel/ice/ice_ethtool.c */
const ICE: Driver = {
  name: 'ice',
  statistics: ['rx_unicast', 'tx_unicast', 'rx_dropped', 'rx_unknown_protocol', 'rx_alloc_fail', 'rx_pg_alloc_fail', 'tx_errors', 'tx_linearize', 'tx_busy', 'tx_restart', 'tx_queue_0_packets', 'rx_queue_0_packets', 'rx_bytes.nic', 'rx_crc_errors.nic', 'rx_undersize.nic', 'rx_fragments.nic', 'rx_oversize.nic', 'rx_jabber.nic', 'rx_csum_bad.nic', 'rx_dropped.nic', 'link_xon_rx.nic', 'link_xoff_rx.nic', 'link_xon_tx.nic', 'link_xoff_tx.nic', 'tx_timeout.nic', 'mac_local_faults.nic'],
};
/** drivers/net/ethernet/mellanox/mlx5/core/en_stats.c */
const MLX5: Driver = {
  name: 'mlx5_core',
  statistics: ['rx_packets', 'rx_bytes', 'tx_packets', 'tx_bytes', 'rx_lro_packets', 'rx_xdp_drop', 'rx_buff_alloc_err', 'rx_cache_full', 'tx_queue_stopped', 'tx_queue_dropped', 'rx_out_of_buffer', 'rx_if_down_packets', 'rx_steer_missed_packets', 'rx_vport_unicast_packets', 'tx_packets_phy', 'rx_packets_phy', 'rx_crc_errors_phy', 'rx_in_range_len_errors_phy', 'rx_oversize_pkts_phy', 'rx_symbol_err_phy', 'rx_pause_ctrl_phy', 'tx_pause_ctrl_phy', 'rx_discards_phy', 'tx_discards_phy', 'rx_undersize_pkts_phy', 'rx_fragments_phy', 'rx_jabbers_phy', 'link_down_events_phy', 'rx_pcs_symbol_err_phy', 'rx_corrected_bits_phy', 'rx0_packets'],
};
/** drivers/net/ethernet/amazon/ena/ena_ethtool.c */
const ENA: Driver = {
  name: 'ena',
  statistics: ['tx_timeout', 'suspend', 'resume', 'interface_up', 'interface_down', 'admin_q_pause', 'bw_in_allowance_exceeded', 'bw_out_allowance_exceeded', 'pps_allowance_exceeded', 'conntrack_allowance_exceeded', 'linklocal_allowance_exceeded', 'queue_0_tx_cnt', 'queue_0_tx_queue_stop', 'queue_0_rx_cnt', 'queue_0_rx_bad_csum', 'queue_0_rx_page_alloc_fail', 'queue_0_rx_bad_desc_num', 'queue_0_rx_xdp_drop'],
};
/** drivers/net/virtio_net.c */
const VIRTIO: Driver = {
  name: 'virtio_net',
  statistics: ['rx_packets', 'rx_bytes', 'rx_drops', 'rx_xdp_packets', 'rx_xdp_drops', 'rx_kicks', 'tx_packets', 'tx_bytes', 'tx_xdp_tx', 'tx_kicks', 'tx_tx_timeouts'],
};
/** drivers/net/vmxnet3/vmxnet3_ethtool.c */
const VMXNET3: Driver = {
  name: 'vmxnet3',
  statistics: ['Tx Queue#', '  TSO pkts tx', '  ucast pkts tx', '  pkts tx err', '  pkts tx discard', '  drv dropped tx total', '     too many frags', '  ring full', '  pkts linearized', 'Rx Queue#', '  LRO pkts rx', '  ucast pkts rx', '  pkts rx OOB', '  pkts rx err', '  drv dropped rx total', '     err', '     fcs', '  rx buf alloc fail', 'tx timeout count'],
};
/** drivers/net/ethernet/broadcom/bnxt/bnxt_ethtool.c */
const BNXT: Driver = {
  name: 'bnxt_en',
  statistics: ['[0]: rx_ucast_packets', '[0]: rx_errors', '[0]: tx_errors', '[0]: rx_l4_csum_errors', '[0]: rx_buf_errors', 'rx_total_l4_csum_errors', 'rx_total_resets', 'rx_total_buf_errors', 'rx_total_oom_discards', 'rx_total_netpoll_discards', 'rx_total_ring_discards', 'tx_total_ring_discards', 'total_missed_irqs', 'rx_64b_frames', 'rx_total_frames', 'rx_fcs_err_frames', 'rx_pause_frames', 'rx_align_err_frames', 'rx_ovrsz_frames', 'rx_jbr_frames', 'tx_pause_frames', 'link_down_events', 'rx_fec_corrected_blocks', 'rx_fec_uncorrectable_blocks'],
};

export const DRIVERS = { E1000E, IGB, IXGBE, I40E, ICE, MLX5, ENA, VIRTIO, VMXNET3, BNXT } as const;

/** The output of `ethtool -i`, `-S` and `-g` for an interface with that driver; what is not named stands at a number of its own. */
export function textOf(driver: Driver, name: string, values: Readonly<Record<string, number>>, ring: { readonly now: number; readonly most: number }): string {
  const unknown = Object.keys(values).filter((key) => !driver.statistics.some((statistic) => statistic.trim() === key));
  if (unknown.length > 0) throw new Error(`${driver.name} has no ${unknown.join(', ')}`);
  const numbers = driver.statistics.map((statistic, index) => {
    const plain = /packets|bytes|cnt|pkts|frames$/.test(statistic) && !/err|drop|pause|OOB|discard|ovrsz|jbr|oversize/.test(statistic);
    return `     ${statistic}: ${values[statistic.trim()] ?? (plain ? 1000 + index : 0)}`;
  });
  const rings = (size: number): readonly string[] => [`RX:\t\t${size}`, 'RX Mini:\tn/a', 'RX Jumbo:\tn/a', `TX:\t\t${size}`];
  return [
    `droplens-interface ${name}`,
    ...[`driver: ${driver.name}`, 'version: 6.1.0', 'firmware-version: 1.0', 'bus-info: 0000:00:03.0', 'supports-statistics: yes'],
    ...['NIC statistics:', ...numbers],
    ...[`Ring parameters for ${name}:`, 'Pre-set maximums:', ...rings(ring.most), 'Current hardware settings:', ...rings(ring.now), ''],
  ].join('\n');
}
