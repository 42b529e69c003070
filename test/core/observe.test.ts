import { describe, expect, test } from 'vitest';
import { derive } from '../../src/core/observe/derive.js';
import { observe, retain } from '../../src/core/observe/window.js';
import { sample, unreadable } from './support/samples.js';

const netstat = (value: number | bigint) => ({ netstat: { counters: { 'TcpExt.ListenOverflows': value } } });

describe('a window', () => {
  test('compares the first and the last reading by the host’s clock', () => {
    const view = observe([sample(100, netstat(10)), sample(101, netstat(20)), sample(104, netstat(47))]);
    expect(view.seconds).toBe(4);
    expect(view.samples).toBe(3);
    expect(view.counters.get('TcpExt.ListenOverflows')).toEqual({ before: 10, after: 47, delta: 37, seconds: 4 });
  });

  test('corrects 32-bit and 64-bit wraps and keeps 64-bit values exact', () => {
    const narrow = observe([sample(1, netstat(4_294_967_290)), sample(2, netstat(4))]);
    expect(narrow.counters.get('TcpExt.ListenOverflows')?.delta).toBe(10);
    const wide = observe([sample(1, netstat(18_446_744_073_709_551_610n)), sample(2, netstat(4))]);
    expect(wide.counters.get('TcpExt.ListenOverflows')?.delta).toBe(10);
    const exact = observe([sample(1, netstat(9_007_199_254_740_993n)), sample(2, netstat(9_007_199_254_740_996n))]);
    expect(exact.counters.get('TcpExt.ListenOverflows')?.delta).toBe(3);
  });

  test('has no difference for a counter that was reset', () => {
    const view = observe([sample(1, netstat(500)), sample(2, netstat(3))]);
    expect(view.counters.get('TcpExt.ListenOverflows')).toMatchObject({ after: 3, delta: undefined });
  });

  test('begins anew after a reboot', () => {
    const before = sample(90_000, netstat(1_000), 'boot-1');
    const view = observe([before, sample(10, netstat(5), 'boot-2'), sample(13, netstat(8), 'boot-2')]);
    expect(view).toMatchObject({ bootId: 'boot-2', samples: 2, seconds: 3 });
    expect(view.counters.get('TcpExt.ListenOverflows')?.delta).toBe(3);
  });

  test('compares across a missed sample, and reports a source that was never readable', () => {
    const missed = sample(2, { netstat: unreadable('garbled'), tc_qdisc: unreadable('no-tool') });
    const view = observe([sample(1, netstat(1)), missed, sample(4, netstat(4))]);
    expect(view.counters.get('TcpExt.ListenOverflows')).toMatchObject({ delta: 3, seconds: 3 });
    expect([...view.unreadable.keys()]).toEqual(['tc_qdisc']);
  });

  test('a source that was read once has a value and no difference', () => {
    const view = observe([sample(1, {}), sample(2, netstat(7))]);
    expect(view.counters.get('TcpExt.ListenOverflows')).toEqual({ before: 7, after: 7, delta: undefined, seconds: 0 });
  });

  test('each source has its own length of time', () => {
    const view = observe([
      sample(0, { ...netstat(0), snmp: { counters: { 'Tcp.OutSegs': 0 } } }),
      sample(1, netstat(1)),
      sample(2, { ...netstat(2), snmp: { counters: { 'Tcp.OutSegs': 10 } } }),
      sample(3, netstat(3)),
    ]);
    expect(view.counters.get('TcpExt.ListenOverflows')?.seconds).toBe(3);
    expect(view.counters.get('Tcp.OutSegs')?.seconds).toBe(2);
  });

  test('a span looks back only so far, but always has a baseline', () => {
    const samples = [0, 1, 2, 3, 4, 5, 6].map((at) => sample(at, netstat(at * 10)));
    expect(observe(samples, 2).counters.get('TcpExt.ListenOverflows')).toMatchObject({ before: 40, after: 60, seconds: 2 });
    const seldom = [sample(0, netstat(1)), sample(30, netstat(2)), sample(31, {})];
    expect(observe(seldom, 2).counters.get('TcpExt.ListenOverflows')).toMatchObject({ before: 1, after: 2, seconds: 30 });
  });
});

describe('a host whose clock or sources misbehave', () => {
  test('a machine that was set back to a snapshot begins anew', () => {
    const view = observe([sample(500, netstat(90)), sample(501, netstat(95)), sample(100, netstat(10)), sample(103, netstat(40))]);
    expect(view).toMatchObject({ seconds: 3, samples: 2 });
    expect(view.counters.get('TcpExt.ListenOverflows')).toMatchObject({ delta: 30, seconds: 3 });
  });

  test('two readings in the same hundredth of a second have a difference and no rate', () => {
    expect(observe([sample(5, netstat(1)), sample(5, netstat(3))]).counters.get('TcpExt.ListenOverflows')).toMatchObject({ delta: 2, seconds: 0 });
  });

  test('a source that fails at the end and cannot be compared is unreadable, with what it said before', () => {
    const view = observe([sample(1, netstat(7)), sample(4, { netstat: unreadable('failed') })]);
    expect([...view.unreadable.keys()]).toEqual(['netstat']);
    expect(view.counters.get('TcpExt.ListenOverflows')).toMatchObject({ after: 7, delta: undefined });
  });

  test('a live view does not go on showing what a source said long ago', () => {
    const failing = [2, 3, 4, 5, 6, 7, 8].map((at) => sample(at, { netstat: unreadable('failed') }));
    const view = observe([sample(0, netstat(1)), sample(1, netstat(9)), ...failing], 5);
    expect([...view.unreadable.keys()]).toEqual(['netstat']);
    expect(view.counters.size).toBe(0);
    expect(observe([sample(0, netstat(1)), sample(1, netstat(9)), ...failing.slice(0, 3)], 5).counters.get('TcpExt.ListenOverflows')?.delta).toBe(8);
  });

  test('how often each source was read', () => {
    const view = observe([sample(0, { ...netstat(0), ethtool: { rows: [] } }), sample(1, netstat(1))]);
    expect([...view.readings]).toEqual([['netstat', 2], ['ethtool', 1]]);
  });
});

describe('what is kept of the samples', () => {
  const both = (at: number) => sample(at, at % 30 === 0 ? { ...netstat(at), ethtool: { counters: { 'x.y': at } } } : netstat(at));

  test('is enough for every later look, for sources that are read often and for those read seldom', () => {
    let kept: readonly ReturnType<typeof sample>[] = [];
    const all: ReturnType<typeof sample>[] = [];
    for (let at = 0; at <= 200; at++) {
      all.push(both(at));
      kept = retain([...kept, both(at)], 5);
      expect(observe(kept, 5)).toEqual(observe(all, 5));
    }
    expect(kept.length).toBeLessThanOrEqual(9);
    expect(kept.flatMap((one) => [...one.readings.keys()]).filter((source) => source === 'ethtool')).toHaveLength(2);
  });

  test('holds a source that is read less often than any fixed time', () => {
    let kept: readonly ReturnType<typeof sample>[] = [];
    for (let at = 0; at <= 1_800; at += 60) kept = retain([...kept, sample(at, at % 600 === 0 ? { ...netstat(at), snmp: { counters: { 'Tcp.OutSegs': at } } } : netstat(at))], 5);
    expect(observe(kept, 5).counters.get('Tcp.OutSegs')).toMatchObject({ delta: 600, seconds: 600 });
  });

  test('nothing of an earlier boot', () => {
    expect(retain([sample(90_000, netstat(1), 'boot-1'), sample(3, netstat(1), 'boot-2')], 5)).toHaveLength(1);
  });
});

describe('rows of a window', () => {
  const qdisc = (dropped: number, key = 'eth0 root fq 1:') => ({ tc_qdisc: { rows: [{ table: 'qdisc' as const, key, counters: { dropped } }] } });

  test('a thing that vanished is gone, a new one has no difference yet', () => {
    const view = observe([sample(1, qdisc(5, 'old')), sample(2, qdisc(9, 'new'))]);
    expect([...(view.rows.get('qdisc')?.keys() ?? [])]).toEqual(['new']);
    expect(view.rows.get('qdisc')?.get('new')?.counters.get('dropped')?.delta).toBeUndefined();
  });

  test('an interface that was made again under its name has no differences, not a wrap', () => {
    const at = (bytes: number, packets: number) => ({
      dev: { rows: [{ table: 'interface' as const, key: 'tun0', counters: { rx_bytes: bytes, rx_packets: packets, rx_drop: 0 } }] },
    });
    const row = observe([sample(1, at(3_000_000_000, 2_500_000)), sample(2, at(1_400, 2))]).rows.get('interface')?.get('tun0');
    expect(row?.counters.get('rx_bytes')?.delta).toBeUndefined();
    expect(row?.counters.get('rx_packets')?.delta).toBeUndefined();
    expect(row?.counters.get('rx_drop')?.delta).toBe(0);
  });

  test('a UDP socket that was opened in the window began with zero drops', () => {
    const udp = (rows: readonly { table: 'udp'; key: string; counters: { drops: number } }[]) => ({ proc_udp: { rows } });
    const view = observe([sample(1, udp([])), sample(2, udp([{ table: 'udp', key: 'udp 0.0.0.0:53', counters: { drops: 12 } }]))]);
    expect(view.rows.get('udp')?.get('udp 0.0.0.0:53')?.counters.get('drops')?.delta).toBe(12);
  });

  test('two sources describe one interface', () => {
    const at = (bytes: number, missed: number) => ({
      dev: { rows: [{ table: 'interface' as const, key: 'eth0', counters: { rx_bytes: bytes } }] },
      sysfs: { rows: [{ table: 'interface' as const, key: 'eth0', counters: { rx_missed_errors: missed }, gauges: { mtu: 1500 } }] },
    });
    const row = observe([sample(1, at(100, 0)), sample(2, at(300, 2))]).rows.get('interface')?.get('eth0');
    expect(row?.counters.get('rx_bytes')?.delta).toBe(200);
    expect(row?.counters.get('rx_missed_errors')?.delta).toBe(2);
    expect(row?.levels.get('mtu')).toEqual({ before: 1500, after: 1500, min: 1500, max: 1500 });
  });

  test('a queue that was empty in between did not stay', () => {
    const socket = (recv_q: number) => ({ ss_established: { rows: [{ table: 'socket' as const, key: 'a b', gauges: { recv_q, send_q: 0 } }] } });
    const stayed = observe([sample(1, socket(10)), sample(2, socket(30)), sample(3, socket(20))]);
    expect(stayed.rows.get('socket')?.get('a b')?.levels.get('recv_q')).toEqual({ before: 10, after: 20, min: 10, max: 30 });
    const emptied = observe([sample(1, socket(10)), sample(2, { ss_established: { rows: [] } }), sample(3, socket(20))]);
    expect(emptied.rows.get('socket')?.get('a b')?.levels.get('recv_q')?.min).toBe(0);
  });

  test('names from the host are only names', () => {
    const rows = ['__proto__', 'constructor', '$(reboot)'].map((key) => ({ table: 'interface' as const, key, counters: { rx_bytes: 1 } }));
    const view = observe([sample(1, { dev: { rows } }), sample(2, { dev: { rows } })]);
    expect([...(view.rows.get('interface')?.keys() ?? [])]).toEqual(['__proto__', 'constructor', '$(reboot)']);
  });
});

describe('derived values', () => {
  test('driver counters of one meaning are one number, not added up twice', () => {
    const nic = (missed: number, queue: number) => ({
      ethtool: { rows: [{ table: 'nic' as const, key: 'eth0', counters: { rx_missed_errors: missed, rx_no_buffer_count: missed, rx_queue_0_drops: queue, rx_packets: 999 } }] },
    });
    const row = derive(observe([sample(1, nic(0, 0)), sample(2, nic(40, 3))])).rows.get('nic')?.get('eth0');
    expect(row?.counters.get('ring_overflow')?.delta).toBe(40);
    expect(row?.counters.has('crc')).toBe(false);
  });

  test('half-open connections and the process are found at the listener', () => {
    const at = {
      ss_listen: { rows: [{ table: 'listener' as const, key: 'tcp 0.0.0.0:80', labels: { port: '80' }, gauges: { recv_q: 0, send_q: 128 } }] },
      ss_synrecv: { rows: [{ table: 'synrecv' as const, key: '80', gauges: { count: 7 } }] },
      ss_process: { rows: [{ table: 'listener' as const, key: 'tcp 0.0.0.0:80', labels: { process: 'nginx' } }] },
      ss_established: { rows: [{ table: 'socket' as const, key: 'a b', labels: { local: '10.0.0.1:80' }, gauges: { recv_q: 9 } }] },
    };
    const view = derive(observe([sample(1, at), sample(2, at)]));
    expect(view.rows.get('listener')?.get('tcp 0.0.0.0:80')?.levels.get('syn_recv')?.after).toBe(7);
    expect(view.rows.get('socket')?.get('a b')?.labels.get('process')).toBe('nginx');
  });
});
