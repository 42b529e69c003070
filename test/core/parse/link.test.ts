import { describe, expect, it } from 'vitest';
import { MAX_INTERFACES, MAX_ROWS } from '../../../src/core/parse/text.js';
import { parse, parseFixture, plain, readFixture, rowOf } from './fixtures.js';

describe('dev', () => {
  it('reads 16 counters an interface, with and without a space behind the colon', () => {
    const facts = parseFixture('linux-4.19-busybox', 'dev');
    expect(facts.problems).toEqual([]);
    expect(facts.rows.map((row) => row.key)).toEqual(['lo', 'br-lan', 'eth0']);
    expect(plain(rowOf(facts, 'interface', 'eth0').counters)).toEqual({
      rx_bytes: 4294967295,
      rx_packets: 7654321,
      rx_errs: 1,
      rx_drop: 12,
      rx_fifo: 2,
      rx_frame: 3,
      rx_compressed: 0,
      rx_multicast: 210,
      tx_bytes: 18446744073709551615n,
      tx_packets: 54321,
      tx_errs: 0,
      tx_drop: 5,
      tx_fifo: 0,
      tx_colls: 0,
      tx_carrier: 6,
      tx_compressed: 0,
    });
  });

  it('takes a hostile interface name for a name', () => {
    const facts = parseFixture('linux-6.18/server', 'dev');
    expect(facts.problems).toEqual([]);
    expect(facts.rows.map((row) => row.key).sort()).toEqual(['a$(reboot)', 'dlv0', 'lo', 'v1', 'x`id`'].sort());
    const zeros = Array.from({ length: 16 }, () => '0').join(' ');
    const header = readFixture('linux-6.18/server', 'dev').split('\n').slice(0, 2).join('\n');
    for (const name of ['__proto__', 'constructor', '\u2003x', '%s;rm']) {
      expect(parse('dev', `${header}\n${name}: ${zeros}\n`).rows.map((row) => row.key)).toEqual([name]);
    }
  });

  it('drops a cut row and a garbled value, and nothing else', () => {
    const header = readFixture('linux-6.18/server', 'dev').split('\n').slice(0, 2).join('\n');
    const facts = parse('dev', `${header}\na: 1 x 3 4 5 6 7 8 9 10 11 12 13 14 15 16\nb: 1 2 3\nc: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`);
    expect(facts.rows.map((row) => row.key)).toEqual(['a', 'c']);
    expect(rowOf(facts, 'interface', 'a').counters.size).toBe(15);
    expect(facts.problems).toEqual(['Line 3: a value is not a number.', 'Line 4: not understood.']);
  });

  it('reads nothing below a header that it does not know', () => {
    const facts = parse('dev', ' face |bytes packets|bytes\n a: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n');
    expect(facts.rows).toEqual([]);
    expect(facts.problems).toEqual(['The columns are not those of /proc/net/dev; no interface was read.']);
  });

  it('stops at its limit and says so', () => {
    const header = readFixture('linux-6.18/server', 'dev').split('\n').slice(0, 2).join('\n');
    const row = ' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16';
    const many = Array.from({ length: MAX_INTERFACES + 10 }, (_, index) => `v${index}:${row}`).join('\n');
    const facts = parse('dev', `${header}\n${many}\n`);
    expect(facts.rows.length).toBe(MAX_INTERFACES);
    expect(facts.problems).toEqual([`Only the first ${MAX_INTERFACES} entries are shown.`]);
  });
});

describe('sysfs', () => {
  it('reads attributes of every interface', () => {
    const facts = parseFixture('linux-6.18/server', 'sysfs');
    expect(facts.problems).toEqual([]);
    const link = rowOf(facts, 'interface', 'dlv0');
    expect(plain(link.labels)).toEqual({ duplex: 'full', operstate: 'up', flags: '0x1003' });
    expect(plain(link.gauges)).toEqual({ mtu: 1500, speed: 10000, tx_queue_len: 1000 });
    expect(link.counters.get('carrier_changes')).toBe(2);
    expect(link.counters.get('rx_dropped')).toBe(0);
    expect(rowOf(facts, 'interface', 'a$(reboot)').labels.get('operstate')).toBe('down');
    expect(rowOf(facts, 'interface', 'v1').gauges.has('speed')).toBe(false);
  });

  it('leaves an unknown speed out, however the kernel prints it', () => {
    expect(rowOf(parseFixture('linux-3.10-centos-7', 'sysfs'), 'interface', 'veth3').gauges.has('speed')).toBe(false);
    for (const speed of ['-1', '4294967295', '65535']) {
      expect(rowOf(parse('sysfs', `lo/speed:${speed}\n`), 'interface', 'lo').gauges.size).toBe(0);
    }
  });

  it('reads paths without ./ and interfaces called like a folder', () => {
    const facts = parse('sysfs', 'statistics/mtu:9000\n./statistics/statistics/rx_dropped:4\n/sys/class/net/eth0/mtu:1400\n');
    expect(facts.problems).toEqual([]);
    expect(rowOf(facts, 'interface', 'statistics').gauges.get('mtu')).toBe(9000);
    expect(rowOf(facts, 'interface', 'statistics').counters.get('rx_dropped')).toBe(4);
    expect(rowOf(facts, 'interface', 'eth0').gauges.get('mtu')).toBe(1400);
  });

  it('notes what it does not understand', () => {
    const facts = parse('sysfs', './eth0/mtu:x\nBinary file ./eth0/flags matches\ngrep: ./lo/speed: Invalid argument\n./eth0/secret:1\n');
    expect(facts.problems).toEqual(['Line 1: a value is not a number.', 'Line 2: not understood.', 'Line 4: not understood.']);
  });
});

describe('ip_link', () => {
  it('reads frames for other hosts, which ip prints only when there were any', () => {
    const facts = parseFixture('linux-6.18/server', 'ip_link');
    expect(facts.problems).toEqual([]);
    expect(rowOf(facts, 'interface', 'dlv0').counters.get('rx_otherhost_dropped')).toBe(12);
    expect(rowOf(facts, 'interface', 'lo').counters.get('rx_otherhost_dropped')).toBe(0);
    const port = rowOf(facts, 'interface', 'a$(reboot)');
    expect(plain(port.labels)).toEqual({
      kind: 'veth',
      port_state: 'disabled',
      isolated: 'off',
      locked: 'off',
      master: 'v1',
      link: 'x`id`',
      qdisc: 'noop',
      ifflags: 'BROADCAST,MULTICAST,M-DOWN',
    });
    expect(plain(port.gauges)).toEqual({ num_rx_queues: 2, num_tx_queues: 2, promiscuity: 1 });
  });

  it('does not take a missing counter for 0 where the kernel may not know it', () => {
    const facts = parse('ip_link', '[{"ifname":"eth0","stats64":{"rx":{"nohandler":3},"tx":{}}}]');
    expect(plain(rowOf(facts, 'interface', 'eth0').counters)).toEqual({ rx_nohandler: 3 });
  });

  it('reads how XDP is attached', () => {
    const facts = parse('ip_link', '[{"ifname":"a","xdp":{"mode":2,"prog":{"id":5}}},{"ifname":"b","xdp":{"mode":"?"}}]');
    expect(rowOf(facts, 'interface', 'a').labels.get('xdp')).toBe('xdpgeneric');
    expect(rowOf(facts, 'interface', 'b').labels.get('xdp')).toBe('xdp');
  });

  it('says when ip is too old for JSON', () => {
    const problem = 'Not JSON: this version of ip is too old (before 4.15) or its output is cut off.';
    expect(parseFixture('linux-3.10-centos-7', 'ip_link').problems).toEqual([problem]);
    expect(parse('ip_link', '[{"ifname":"eth0"').problems).toEqual([problem]);
    expect(parse('ip_link', '  \n').problems).toEqual(['The text is empty.']);
  });

  it('checks the shape at every step', () => {
    const facts = parse(
      'ip_link',
      '[1,null,{},{"ifname":5},{"ifname":"x","linkinfo":[],"flags":"UP","qdisc":7,"promiscuity":"1","stats64":{"rx":{"otherhost":-4}}},{"ifname":"__proto__","master":"br0"}]',
    );
    expect(facts.rows.map((row) => row.key)).toEqual(['x', '__proto__']);
    expect(rowOf(facts, 'interface', 'x').labels.size).toBe(0);
    expect(facts.problems).toEqual([
      'Entry 1 has no interface name.',
      'Entry 2 has no interface name.',
      'Entry 4 has no interface name.',
      'The value "promiscuity" of interface x is not understood.',
      'The value "qdisc" of interface x is not understood.',
      'The value "flags" of interface x is not understood.',
      'The value "rx_otherhost_dropped" of interface x is not understood.',
    ]);
    expect(parse('ip_link', '{"ifname":"x"}').problems).toEqual(['Not a list of interfaces.']);
    expect(parse('ip_link', '['.repeat(200_000)).problems.length).toBe(1);
  });
});

describe('tc_qdisc', () => {
  it('reads a shaper that drops and holds a backlog', () => {
    const facts = parseFixture('linux-6.18/client', 'tc_qdisc');
    expect(facts.problems).toEqual([]);
    const row = rowOf(facts, 'qdisc', 'dlv0 root tbf 8001:');
    expect(plain(row.labels)).toEqual({
      dev: 'dlv0',
      kind: 'tbf',
      handle: '8001:',
      parent: 'root',
      options: 'refcnt 3 rate 5Mbit burst 10Kb lat 16.4ms',
    });
    expect(plain(row.counters)).toEqual({ sent_bytes: 1654434, sent_packets: 2013, dropped: 1239, overlimits: 6041, requeues: 0 });
    expect(plain(row.gauges)).toEqual({ backlog_bytes: 18524, backlog_packets: 22 });
  });

  it('reads parents and limits', () => {
    const facts = parseFixture('linux-6.18/server', 'tc_qdisc');
    expect(rowOf(facts, 'qdisc', 'dlv0 5:1 pfifo 50:').gauges.get('limit')).toBe(100);
    expect(rowOf(facts, 'qdisc', 'dlv0 root htb 5:').counters.get('direct_packets_stat')).toBe(0);
    const old = parseFixture('linux-3.10-centos-7', 'tc_qdisc');
    expect(old.problems).toEqual([]);
    expect(old.rows.map((row) => row.key)).toEqual(['ens192 root mq 0:', 'ens192 :2 pfifo_fast 0:', 'ens192 :1 pfifo_fast 0:', 'veth3 root bfifo 10:']);
    expect(rowOf(old, 'qdisc', 'ens192 :2 pfifo_fast 0:').gauges.get('backlog_bytes')).toBe(12 * 1024);
    const bytes = rowOf(old, 'qdisc', 'veth3 root bfifo 10:');
    expect(bytes.gauges.get('limit')).toBe(30000);
    expect(bytes.labels.get('limit_unit')).toBe('bytes');
    expect(bytes.gauges.get('backlog_bytes')).toBe(2 * 1024 * 1024);
  });

  it('reads what only some kinds print', () => {
    const facts = parseFixture('linux-5.15-ubuntu-22.04', 'tc_qdisc');
    expect(facts.problems).toEqual([]);
    const codel = rowOf(facts, 'qdisc', 'ens5 root fq_codel 0:');
    expect(codel.counters.get('drop_overlimit')).toBe(16);
    expect(codel.counters.get('new_flow_count')).toBe(1191);
    expect(codel.counters.get('ecn_mark')).toBe(2);
    expect(codel.gauges.get('old_flows_len')).toBe(2);
    expect(codel.gauges.get('limit')).toBe(10240);
    const fq = rowOf(facts, 'qdisc', 'ens6 root fq 8001:');
    expect(fq.counters.get('flows_plimit')).toBe(263);
    expect(fq.counters.get('throttled')).toBe(4410077);
    expect(fq.gauges.get('flows')).toBe(12);
    const cake = rowOf(facts, 'qdisc', 'ens7 root cake 8003:');
    expect(cake.counters.get('drops')).toBe(8);
    expect(cake.counters.get('dropped')).toBe(8);
    expect(rowOf(facts, 'qdisc', 'ens6 ffff:fff1 ingress ffff:').counters.get('dropped')).toBe(1);
    const live = rowOf(parseFixture('linux-6.1-debian-12/host', 'tc_qdisc'), 'qdisc', 'eth0 root fq 8001:');
    expect(live.counters.get('flows_plimit')).toBe(0);
    expect(live.counters.get('highprio')).toBe(3);
  });

  it('reads the number-first form of older fq', () => {
    const facts = parse(
      'tc_qdisc',
      'qdisc fq 8001: dev eth0 root refcnt 2 limit 10000p\n Sent 9 bytes 1 pkt (dropped 2, overlimits 0 requeues 0)\n backlog 0b 0p requeues 0\n' +
        '  1052 flows (852 inactive, 0 throttled)\n  112 gc, 0 highprio, 212 throttled, 21501 ns latency, 7 flows plimit\n',
    );
    const row = rowOf(facts, 'qdisc', 'eth0 root fq 8001:');
    expect(row.gauges.get('flows')).toBe(1052);
    expect(row.counters.get('throttled')).toBe(212);
    expect(row.counters.get('flows_plimit')).toBe(7);
  });

  it('keeps what all kinds count apart from what one kind calls the same', () => {
    const facts = parse(
      'tc_qdisc',
      'qdisc pie 8001: dev eth0 root refcnt 2 limit 1000p target 15ms tupdate 15ms alpha 2 beta 20\n' +
        ' Sent 500 bytes 5 pkt (dropped 9, overlimits 4 requeues 1)\n backlog 0b 0p requeues 0\n' +
        '  prob 0.5 delay 12us avg_dq_rate 77\n  pkts_in 14 overlimit 2 dropped 3 maxq 8 ecn_mark 6\n',
    );
    const row = rowOf(facts, 'qdisc', 'eth0 root pie 8001:');
    expect(row.counters.get('dropped')).toBe(9);
    expect(row.counters.get('overlimits')).toBe(4);
    expect(row.counters.get('ecn_mark')).toBe(6);
    expect(row.gauges.get('maxq')).toBe(8);
    expect(row.gauges.get('avg_dq_rate')).toBe(77);
  });

  it('shows the first rows of too many', () => {
    const facts = parse('tc_qdisc', Array.from({ length: MAX_ROWS + 3 }, (_, index) => `qdisc pfifo 0: dev v${index} root limit 5p\n`).join(''));
    expect(facts.rows.length).toBe(MAX_ROWS);
    expect(facts.problems).toEqual([`Only the first ${MAX_ROWS} entries are shown.`]);
  });

  it('takes a device called like a keyword for a device', () => {
    const text = 'qdisc pfifo 0: dev root parent 1:2 limit 5p\nqdisc pfifo 0: dev parent root limit 6p\nqdisc pfifo 0: dev $(reboot) root limit 7p\n';
    expect(parse('tc_qdisc', text).rows.map((row) => row.key)).toEqual(['root 1:2 pfifo 0:', 'parent root pfifo 0:', '$(reboot) root pfifo 0:']);
  });

  it('takes no output for no qdiscs, and a usage message for a problem', () => {
    expect(parse('tc_qdisc', '')).toMatchObject({ rows: [], problems: [] });
    const usage = parseFixture('linux-4.19-busybox', 'tc_qdisc');
    expect(usage.rows).toEqual([]);
    expect(usage.problems.length).toBeGreaterThan(0);
  });

  it('drops a garbled line of statistics, and nothing else', () => {
    const facts = parse('tc_qdisc', 'qdisc pfifo 1: dev a root limit 5p\n Sent many bytes\n backlog xb 3p requeues 0\nqdisc\nqdisc pfifo 1: dev b root\n Sent 1 bytes 2 pkt (dropped 3, overlimits 4 requeues 5)\n');
    expect(rowOf(facts, 'qdisc', 'a root pfifo 1:').counters.size).toBe(0);
    expect(plain(rowOf(facts, 'qdisc', 'a root pfifo 1:').gauges)).toEqual({ limit: 5, backlog_packets: 3 });
    expect(rowOf(facts, 'qdisc', 'b root pfifo 1:').counters.get('dropped')).toBe(3);
    expect(facts.problems).toEqual(['Line 2: not understood.', 'Line 3: a value is not a number.', 'Line 4: not understood.']);
  });
});

describe('ethtool', () => {
  it('reads driver, counters and rings', () => {
    for (const host of ['linux-6.18/host', 'linux-6.1-debian-12/host']) {
      const facts = parseFixture(host, 'ethtool');
      expect(facts.problems).toEqual([]);
      const row = rowOf(facts, 'nic', 'eth0');
      expect(plain(row.labels)).toEqual({ driver: 'virtio_net', version: '1.0.0', bus_info: '0000:00:03.0' });
      expect(plain(row.gauges)).toEqual({ ring_rx_max: 256, ring_tx_max: 256, ring_rx: 256, ring_tx: 256 });
    }
    // The same driver names its counters differently from one kernel to the next.
    expect(rowOf(parseFixture('linux-6.1-debian-12/host', 'ethtool'), 'nic', 'eth0').counters.get('rx_queue_0_drops')).toBe(0);
    expect(rowOf(parseFixture('linux-6.18/host', 'ethtool'), 'nic', 'eth0').counters.get('rx_drops')).toBe(0);
  });

  it('keeps names with colons, and takes refusals for what they are', () => {
    const facts = parseFixture('linux-5.15-ubuntu-22.04', 'ethtool');
    expect(facts.problems).toEqual([]);
    expect(facts.rows.map((row) => row.key)).toEqual(['ens5', 'wlan0', 'eth$(reboot)']);
    const row = rowOf(facts, 'nic', 'ens5');
    expect(row.counters.get('[0]: rx_packets')).toBe(77);
    expect(row.counters.get('bw_in_allowance_exceeded')).toBe(41);
    expect(row.gauges.get('ring_rx')).toBe(1024);
    expect(row.gauges.get('ring_rx_max')).toBe(16384);
    expect(plain(rowOf(facts, 'nic', 'wlan0').labels)).toEqual({ driver: 'iwlwifi' });
  });

  it('adds names that a driver repeats once a queue', () => {
    const row = rowOf(parseFixture('linux-3.10-centos-7', 'ethtool'), 'nic', 'ens192');
    expect(row.counters.get('pkts rx OOB')).toBe(20117345);
    expect(row.counters.get('drv dropped tx total')).toBe(7);
    expect(row.counters.get('tx timeout count')).toBe(0);
    expect(row.counters.has('Tx Queue#')).toBe(false);
    expect(plain(row.gauges)).toEqual({ ring_rx_max: 4096, ring_tx_max: 4096, ring_rx: 256, ring_tx: 512 });
  });

  it('notes what stands before the first block, and a garbled value', () => {
    const facts = parse('ethtool', 'hello\ndroplens-interface a\nNIC statistics:\n     x: y\n     ok: 3\n');
    expect(plain(rowOf(facts, 'nic', 'a').counters)).toEqual({ ok: 3 });
    expect(facts.problems).toEqual(['Line 1: not understood.', 'Line 4: a value is not a number.']);
    expect(parse('ethtool', '').problems).toEqual([]);
  });
});
