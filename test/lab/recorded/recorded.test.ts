import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/diagnosis/diagnose.js';
import type { Diagnosis } from '../../../src/core/diagnosis/types.js';
import { derive } from '../../../src/core/observe/derive.js';
import { observe } from '../../../src/core/observe/window.js';
import { parserFor } from '../../../src/core/parse/index.js';
import type { Cause } from '../../../src/core/runbook/cause.js';
import type { Reading, Sample } from '../../../src/core/sample.js';
import { loadLibrary } from '../../../src/engine/library.js';
import { DRIVERS, textOf, type Driver } from './drivers.js';

/** A healthy host whose texts were recorded; what a driver says is put in the place of its own. */
const HOST = join(import.meta.dirname, '..', '..', 'core', 'parse', 'fixtures', 'linux-6.18', 'host');
const NAME = 'eth0';

/** What a driver counts in the watched window, and the cause that must be named first; none: nothing may be called a loss. */
interface Recorded {
  readonly driver: Driver;
  readonly moved: Readonly<Record<string, number>>;
  readonly cause: string | undefined;
  readonly severity?: 'loss' | 'risk' | 'harmless';
}

const { E1000E, IGB, IXGBE, I40E, ICE, MLX5, ENA, VIRTIO, VMXNET3, BNXT } = DRIVERS;
const RECORDED: readonly Recorded[] = [
  { driver: E1000E, moved: { rx_missed_errors: 900, rx_no_buffer_count: 40 }, cause: 'nic-rx-ring-overflow' },
  { driver: E1000E, moved: { rx_crc_errors: 31 }, cause: 'nic-crc-errors' },
  { driver: IGB, moved: { rx_queue_0_drops: 210, rx_fifo_errors: 210 }, cause: 'nic-rx-ring-overflow' },
  { driver: IGB, moved: { tx_timeout_count: 2 }, cause: 'nic-tx-timeout' },
  { driver: IXGBE, moved: { rx_no_dma_resources: 5000, rx_missed_errors: 120 }, cause: 'nic-rx-ring-overflow' },
  { driver: IXGBE, moved: { alloc_rx_page_failed: 44 }, cause: 'nic-rx-alloc-fail' },
  { driver: IXGBE, moved: { rx_flow_control_xoff: 4000 }, cause: 'nic-pause-frames', severity: 'risk' },
  { driver: I40E, moved: { 'port.rx_dropped': 700 }, cause: 'nic-rx-ring-overflow' },
  { driver: I40E, moved: { 'port.rx_oversize': 12 }, cause: 'nic-length-errors' },
  { driver: ICE, moved: { 'rx_dropped.nic': 350 }, cause: 'nic-rx-ring-overflow' },
  { driver: ICE, moved: { 'rx_crc_errors.nic': 9 }, cause: 'nic-crc-errors' },
  { driver: MLX5, moved: { rx_out_of_buffer: 12_000 }, cause: 'nic-rx-ring-overflow' },
  { driver: MLX5, moved: { rx_crc_errors_phy: 20 }, cause: 'nic-crc-errors' },
  { driver: MLX5, moved: { rx_pause_ctrl_phy: 9000 }, cause: 'nic-pause-frames', severity: 'risk' },
  { driver: ENA, moved: { bw_in_allowance_exceeded: 330 }, cause: 'cloud-allowance' },
  { driver: ENA, moved: { conntrack_allowance_exceeded: 7 }, cause: 'cloud-allowance' },
  { driver: ENA, moved: { queue_0_rx_page_alloc_fail: 9 }, cause: 'nic-rx-alloc-fail' },
  { driver: VIRTIO, moved: { rx_drops: 60 }, cause: 'virtio-rx-drops' },
  { driver: VIRTIO, moved: { tx_tx_timeouts: 1 }, cause: 'nic-tx-timeout' },
  { driver: VMXNET3, moved: { 'pkts rx OOB': 410 }, cause: 'nic-rx-ring-overflow' },
  { driver: VMXNET3, moved: { 'rx buf alloc fail': 20 }, cause: 'nic-rx-alloc-fail' },
  { driver: BNXT, moved: { rx_total_ring_discards: 88 }, cause: 'nic-rx-ring-overflow' },
  { driver: BNXT, moved: { rx_fcs_err_frames: 15 }, cause: 'nic-crc-errors' },
  { driver: BNXT, moved: { rx_fec_uncorrectable_blocks: 6 }, cause: 'fec-optics' },
  // What these drivers count while nothing is lost.
  { driver: E1000E, moved: { rx_csum_offload_good: 90_000, tx_restart_queue: 50 }, cause: undefined },
  { driver: IXGBE, moved: { non_eop_descs: 7000, fdir_miss: 900, lsc_int: 1, tx_busy: 3 }, cause: undefined },
  { driver: MLX5, moved: { rx_corrected_bits_phy: 5000, rx_cache_full: 100, tx_queue_stopped: 4 }, cause: undefined },
  { driver: ENA, moved: { queue_0_tx_queue_stop: 12 }, cause: undefined },
  { driver: VMXNET3, moved: { 'pkts linearized': 40 }, cause: undefined },
  { driver: BNXT, moved: { rx_fec_corrected_blocks: 9000, rx_pause_frames: 2 }, cause: undefined },
];

/** One sample of the recorded host with that text of its driver. */
function sample(seq: number, ethtool: string): Sample {
  const readings = new Map<string, Reading>();
  for (const file of readdirSync(HOST)) {
    const id = file.replace(/\.txt$/, '');
    const parse = parserFor(id);
    if (parse) readings.set(id, { state: 'ok', facts: parse(id === 'ethtool' ? ethtool : readFileSync(join(HOST, file), 'utf8')) });
  }
  return { seq, hostSeconds: 5000 + seq * 3, bootId: 'recorded', readings };
}

let causes: readonly Cause[] = [];
beforeAll(async () => {
  causes = (await loadLibrary(join(import.meta.dirname, '..', '..', '..', 'media', 'runbooks'))).causes;
});

/** The counters of earlier days stand at some number; only what moved counts. */
function judge({ driver, moved }: Recorded): Diagnosis {
  const earlier = Object.fromEntries(Object.keys(moved).map((name, index) => [name, 17 + index]));
  const later = Object.fromEntries(Object.entries(moved).map(([name, amount], index) => [name, 17 + index + amount]));
  const ring = { now: 512, most: 4096 };
  return diagnose(derive(observe([sample(0, textOf(driver, NAME, earlier, ring)), sample(1, textOf(driver, NAME, later, ring))])), causes);
}

describe('what drivers count, from recorded texts', () => {
  for (const recorded of RECORDED) {
    const { driver, moved, cause, severity = 'loss' } = recorded;
    it(`${driver.name} ${Object.keys(moved).join(', ')}: ${cause ?? 'nothing is lost'}`, () => {
      const { findings } = judge(recorded);
      const told = findings.filter((finding) => finding.severity === 'loss' || finding.severity === 'risk');
      const lost = told.filter((finding) => finding.severity === 'loss').map((finding) => finding.cause);
      if (cause === undefined) {
        expect(lost).toEqual([]);
        return;
      }
      expect(told[0]).toMatchObject({ cause, severity, subject: { kind: 'interface', name: NAME } });
      expect(lost.filter((other) => other !== cause)).toEqual([]);
    });
  }
});
