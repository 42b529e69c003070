import { describe, expect, it } from 'vitest';
import { parse, parseFixture, plain, rowOf } from './fixtures.js';

describe('netstat and snmp', () => {
  it.each([
    ['linux-3.10-centos-7', 137, 161],
    ['linux-5.15-ubuntu-22.04', 0, undefined],
    ['linux-6.18/server', 161, 161],
  ])('reads the listen counters of %s', (host, overflows, drops) => {
    const facts = parseFixture(host, 'netstat');
    expect(facts.problems).toEqual([]);
    expect(facts.counters.get('TcpExt.ListenOverflows')).toBe(overflows);
    if (drops !== undefined) expect(facts.counters.get('TcpExt.ListenDrops')).toBe(drops);
    expect(facts.gauges.size).toBe(0);
  });

  it('takes names from the text: columns come and go between kernels', () => {
    const old = parseFixture('linux-3.10-centos-7', 'netstat').counters;
    const current = parseFixture('linux-6.18/server', 'netstat').counters;
    expect(old.has('TcpExt.TCPPrequeued')).toBe(true);
    expect(current.has('TcpExt.TCPPrequeued')).toBe(false);
    expect(old.has('TcpExt.TCPRcvQDrop')).toBe(false);
    expect(current.has('TcpExt.TCPRcvQDrop')).toBe(true);
    expect(parseFixture('linux-5.15-ubuntu-22.04', 'netstat').counters.get('MPTcpExt.RcvPruned')).toBe(4);
  });

  it('keeps 64 bits exactly', () => {
    expect(parseFixture('linux-3.10-centos-7', 'netstat').counters.get('IpExt.InOctets')).toBe(18446744073709551615n);
  });

  it('tells levels from counters', () => {
    const facts = parseFixture('linux-3.10-centos-7', 'snmp');
    expect(facts.problems).toEqual([]);
    expect(plain(facts.gauges)).toEqual({
      'Ip.Forwarding': 1,
      'Ip.DefaultTTL': 64,
      'Tcp.RtoAlgorithm': 1,
      'Tcp.RtoMin': 200,
      'Tcp.RtoMax': 120000,
      'Tcp.MaxConn': -1,
      'Tcp.CurrEstab': 352,
    });
    expect(facts.counters.get('Ip.OutDiscards')).toBe(18);
    expect(facts.counters.get('IcmpMsg.InType3')).toBe(611);
    expect(facts.counters.get('Tcp.RetransSegs')).toBe(41751);
    expect(facts.counters.get('Udp.RcvbufErrors')).toBe(45);
    expect(facts.counters.has('Tcp.CurrEstab')).toBe(false);
    expect(parseFixture('linux-5.15-ubuntu-22.04', 'snmp').counters.get('UdpLite.RcvbufErrors')).toBe(99);
  });

  it('drops a group whose columns do not match, and only that group', () => {
    const facts = parse('netstat', 'TcpExt: A B C\nTcpExt: 1 2\nIpExt: InNoRoutes\nIpExt: 3\n');
    expect(plain(facts.counters)).toEqual({ 'IpExt.InNoRoutes': 3 });
    expect(facts.problems).toEqual(['Line 2: 2 values for 3 names; the group is left out.']);
  });

  it('drops a garbled value, and only that value', () => {
    const facts = parse('netstat', 'TcpExt: A B C\nTcpExt: 1 -2 3\n');
    expect(plain(facts.counters)).toEqual({ 'TcpExt.A': 1, 'TcpExt.C': 3 });
    expect(facts.problems).toEqual(['Line 2: a value is not a number.']);
  });

  it('says when the values are missing', () => {
    expect(parse('netstat', 'TcpExt: A B\n').problems).toEqual(['Line 1: the values of this group are missing.']);
    expect(parse('netstat', 'TcpExt: A\nIpExt: B\nIpExt: 1\n').problems).toEqual(['Line 1: the values of this group are missing.']);
    expect(parse('snmp', '').problems).toEqual(['The text is empty.']);
    expect(parse('netstat', 'no such file\n').problems).toEqual(['Line 1: does not begin with the name of a group.']);
  });
});

describe('snmp6', () => {
  it('splits the group off behind the 6', () => {
    const facts = parseFixture('linux-4.19-busybox', 'snmp6');
    expect(facts.problems).toEqual([]);
    expect(plain(facts.counters)).toEqual({
      'Ip6.InReceives': 7,
      'Ip6.InNoRoutes': 3,
      'Icmp6.InMsgs': 2,
      'Icmp6.OutType133': 5,
      'Udp6.RcvbufErrors': 9,
      'UdpLite6.InDatagrams': 0,
    });
  });

  it('reads what a live host prints', () => {
    const facts = parseFixture('linux-6.18/server', 'snmp6');
    expect(facts.problems).toEqual([]);
    expect(facts.counters.has('Udp6.RcvbufErrors')).toBe(true);
    expect(facts.counters.has('Ip6.OutNoRoutes')).toBe(true);
  });

  it('notes lines of another form', () => {
    const facts = parse('snmp6', 'Ip6InReceives 1\nIp6InDelivers\nnonsense 4\nIp6OutRequests x\n');
    expect(plain(facts.counters)).toEqual({ 'Ip6.InReceives': 1 });
    expect(facts.problems).toEqual(['Line 2: not understood.', 'Line 3: not understood.', 'Line 4: a value is not a number.']);
  });
});

describe('softnet', () => {
  it.each([
    ['linux-3.10-centos-7', ['0', '1'], 42, 21, undefined],
    ['linux-4.19-busybox', ['0', '1'], 0, 1, 9],
    ['linux-5.15-ubuntu-22.04', ['0', '2', '31'], 11, 22, 44],
  ])('%s', (host, cpus, dropped, squeezed, limited) => {
    const facts = parseFixture(host, 'softnet');
    expect(facts.problems).toEqual([]);
    expect(facts.rows.map((row) => row.key)).toEqual(cpus);
    expect(facts.counters.get('softnet.dropped')).toBe(dropped);
    expect(facts.counters.get('softnet.time_squeeze')).toBe(squeezed);
    expect(facts.counters.get('softnet.flow_limit_count')).toBe(limited);
  });

  it('reads every column where it is', () => {
    const facts = parseFixture('linux-5.15-ubuntu-22.04', 'softnet');
    const row = rowOf(facts, 'cpu', '2');
    expect(plain(row.counters)).toEqual({
      processed: 2000,
      dropped: 10,
      time_squeeze: 20,
      cpu_collision: 0,
      received_rps: 30,
      flow_limit_count: 40,
    });
    expect(plain(row.gauges)).toEqual({ backlog_len: 16 });
    expect(parseFixture('linux-3.10-centos-7', 'softnet').counters.get('softnet.processed')).toBe(0x5f21a7c0 + 0xfffffff0);
  });

  it('reads 9 columns (before 2.6.35) and 15 (since 6.10)', () => {
    expect(plain(rowOf(parse('softnet', '0a 1 2 0 0 0 0 0 4\n'), 'cpu', '0').counters)).toEqual({
      processed: 10,
      dropped: 1,
      time_squeeze: 2,
      cpu_collision: 4,
    });
    const live = parseFixture('linux-6.18/server', 'softnet');
    expect(live.problems).toEqual([]);
    expect(live.rows.map((row) => row.key)).toEqual(['0', '1']);
    expect(rowOf(live, 'cpu', '1').gauges.has('backlog_len')).toBe(true);
  });

  it('keeps the other CPUs when one line is cut', () => {
    const facts = parse('softnet', '1 2 3 0 0 0 0 0 0\n1 2\nz 2 3 0 0 0 0 0 0\n');
    expect(facts.rows.map((row) => row.key)).toEqual(['0', '2']);
    expect(facts.counters.get('softnet.dropped')).toBe(4);
    expect(facts.problems).toEqual(['Line 2: not understood.', 'Line 3: a value is not a number.']);
  });
});

describe('sockstat', () => {
  it('names gauges by protocol', () => {
    const facts = parseFixture('linux-3.10-centos-7', 'sockstat');
    expect(facts.problems).toEqual([]);
    expect(facts.gauges.get('sockstat.sockets.used')).toBe(229);
    expect(facts.gauges.get('sockstat.TCP.mem')).toBe(11);
    expect(facts.gauges.get('sockstat.UDP.inuse')).toBe(5);
    expect(facts.gauges.get('sockstat.FRAG.memory')).toBe(0);
    expect(parseFixture('linux-4.19-busybox', 'sockstat6').gauges.get('sockstat6.TCP6.inuse')).toBe(4);
    expect(parse('sockstat', 'TCP: inuse\n').problems).toEqual(['Line 1: not understood.']);
  });
});

describe('per-CPU tables', () => {
  it('sums conntrack counters under the names of the kernel', () => {
    const old = parseFixture('linux-3.10-centos-7', 'conntrack_stat');
    expect(old.problems).toEqual([]);
    expect(old.gauges.get('nf_conntrack.entries')).toBe(0xffff);
    expect(old.counters.get('nf_conntrack.drop')).toBe(0x12c + 0x10);
    expect(old.counters.get('nf_conntrack.insert_failed')).toBe(1);
    expect(old.counters.get('nf_conntrack.early_drop')).toBe(5);
    expect(old.counters.get('nf_conntrack.searched')).toBe(0xa17f3 + 0xa0010);
    const later = parseFixture('linux-5.15-ubuntu-22.04', 'conntrack_stat');
    expect(later.counters.get('nf_conntrack.clashres')).toBe(3);
    expect(later.counters.has('nf_conntrack.searched')).toBe(false);
    expect(later.counters.has('nf_conntrack.entries')).toBe(false);
  });

  it('reads the neighbour and route caches', () => {
    const old = parseFixture('linux-3.10-centos-7', 'arp_cache');
    expect(old.counters.get('arp_cache.unresolved_discards')).toBe(9);
    expect(old.counters.has('arp_cache.table_fulls')).toBe(false);
    expect(old.gauges.get('arp_cache.entries')).toBe(8);
    const live = parseFixture('linux-6.18/host', 'arp_cache');
    expect(live.problems).toEqual([]);
    expect(live.counters.get('arp_cache.res_failed')).toBe(3);
    expect(live.counters.get('arp_cache.table_fulls')).toBe(0);
    expect(parseFixture('linux-3.10-centos-7', 'rt_cache').counters.get('rt_cache.in_martian_src')).toBe(0x2a);
    expect(parseFixture('linux-6.18/host', 'ndisc_cache').counters.has('ndisc_cache.unresolved_discards')).toBe(true);
  });

  it('does not guess columns', () => {
    expect(parse('arp_cache', '00000001 00000002\n').problems).toEqual(['The header line is missing.']);
    expect(parse('arp_cache', 'entries hits\n').problems).toEqual(['There is no line of values below the header.']);
    const facts = parse('arp_cache', 'entries hits\n1 2 3\n1 4\n1 zz\n');
    expect(plain(facts.counters)).toEqual({ 'arp_cache.hits': 4 });
    expect(facts.problems).toEqual(['Line 2: not understood.', 'Line 4: a value is not a number.']);
  });
});

describe('xfrm_stat', () => {
  it('reads names and values', () => {
    const facts = parseFixture('linux-6.1-debian-12/host', 'xfrm_stat');
    expect(facts.problems).toEqual([]);
    expect(facts.counters.get('xfrm.XfrmInPolBlock')).toBe(0);
    expect(parse('xfrm_stat', 'XfrmInPolBlock 7\nfoo 1\n').counters.get('xfrm.XfrmInPolBlock')).toBe(7);
  });
});

describe('single values', () => {
  it('reads uptime, boot id and conntrack limits', () => {
    expect(plain(parseFixture('linux-3.10-centos-7', 'uptime').gauges)).toEqual({ 'host.uptime': 8640012.31 });
    expect(parseFixture('linux-6.18/host', 'boot_id').texts.get('host.boot_id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(plain(parseFixture('linux-3.10-centos-7', 'conntrack_count').gauges)).toEqual({ 'nf_conntrack.count': 65535 });
    expect(plain(parseFixture('linux-3.10-centos-7', 'conntrack_max').gauges)).toEqual({ 'nf_conntrack.max': 65536 });
  });

  it.each([
    ['uptime', '', 'Not a time since boot.'],
    ['uptime', '-4 5\n', 'Not a time since boot.'],
    ['boot_id', 'what\n', 'Not a boot id.'],
    ['conntrack_max', '1 2\n', 'Not a number.'],
    ['conntrack_max', '12x\n', 'Not a number.'],
    ['sysctl.net.core.somaxconn', '\n', 'The text is empty.'],
    ['sysctl.net.core.somaxconn', '\u0000\u0001\n', 'Not the value of a setting.'],
    ['sysctl.net.ipv4.tcp_rmem', '4096 131072\n', 'The value "max" is not a number.'],
  ])('%s of %j: %s', (source, text, problem) => {
    expect(parse(source, text).problems).toEqual([problem]);
  });

  it('reads sysctls as numbers, words or parts', () => {
    expect(plain(parse('sysctl.net.core.somaxconn', '4096\n').gauges)).toEqual({ 'sysctl.net.core.somaxconn': 4096 });
    expect(plain(parse('sysctl.net.ipv4.tcp_abort_on_overflow', '-1\n').gauges)).toEqual({
      'sysctl.net.ipv4.tcp_abort_on_overflow': -1,
    });
    const qdisc = parse('sysctl.net.core.default_qdisc', 'fq_codel\n');
    expect(plain(qdisc.texts)).toEqual({ 'sysctl.net.core.default_qdisc': 'fq_codel' });
    expect(qdisc.gauges.size).toBe(0);
    const rmem = parseFixture('linux-3.10-centos-7', 'sysctl.net.ipv4.tcp_rmem');
    expect(rmem.texts.get('sysctl.net.ipv4.tcp_rmem')).toBe('4096 87380 6291456');
    expect(plain(rmem.gauges)).toEqual({
      'sysctl.net.ipv4.tcp_rmem.min': 4096,
      'sysctl.net.ipv4.tcp_rmem.default': 87380,
      'sysctl.net.ipv4.tcp_rmem.max': 6291456,
    });
    expect(plain(parseFixture('linux-6.18/host', 'sysctl.net.ipv4.tcp_mem').gauges)).toEqual({
      'sysctl.net.ipv4.tcp_mem.min': 287901,
      'sysctl.net.ipv4.tcp_mem.pressure': 383869,
      'sysctl.net.ipv4.tcp_mem.max': 575802,
    });
    expect(plain(parseFixture('linux-6.18/host', 'sysctl.net.ipv4.ip_local_port_range').gauges)).toEqual({
      'sysctl.net.ipv4.ip_local_port_range.min': 32768,
      'sysctl.net.ipv4.ip_local_port_range.max': 60999,
    });
  });
});
