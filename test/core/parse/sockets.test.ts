import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHexLocal, formatIpv6, parseLocal, wildcardOf } from '../../../src/core/parse/address.js';
import { parse, parseFixture, plain, rowOf } from './fixtures.js';

describe('addresses', () => {
  it.each([
    ['0.0.0.0:22', '0.0.0.0:22', '0.0.0.0', '0.0.0.0:22'],
    ['[::]:22', '[::]:22', '::', '[::]:22'],
    ['*:22', '[::]:22', '::', '[::]:22'],
    [':::22', '[::]:22', '::', '[::]:22'],
    ['::1:25', '[::1]:25', '::1', '[::1]:25'],
    ['127.0.0.53%lo:53', '127.0.0.53:53', '127.0.0.53', '127.0.0.53%lo:53'],
    ['0.0.0.0%a$(reboot):67', '0.0.0.0:67', '0.0.0.0', '0.0.0.0%a$(reboot):67'],
    ['[fe80::1]%eth0:546', '[fe80::1]:546', 'fe80::1', '[fe80::1]%eth0:546'],
    ['::ffff:10.0.0.1:80', '[::ffff:10.0.0.1]:80', '::ffff:10.0.0.1', '[::ffff:10.0.0.1]:80'],
    ['*%eth0:68', '[::]:68', '::', '[::]%eth0:68'],
  ])('%s', (text, key, address, local) => {
    const port = text.slice(text.lastIndexOf(':') + 1);
    expect(parseLocal(text, 'ipv6')).toEqual({ key, address, port, local });
  });

  it.each(['', ':', '22', '*:', '*:http', 'host.example:22', '1.2.3:4', '[::1:22', '*:123456', `${'1'.repeat(500)}:1`])('refuses %j', (text) => {
    expect(parseLocal(text, 'ipv6')).toBeUndefined();
  });

  it('tells what a star means from the other rows', () => {
    expect(wildcardOf([['*:22', '*:*'], [':::22', ':::*']])).toBe('ipv4');
    expect(wildcardOf([['*:22', '*:*'], ['127.0.0.1:25', '*:*']])).toBe('ipv4');
    expect(wildcardOf([['*:22', '*:*'], ['127.0.0.1:25', '0.0.0.0:*']])).toBe('ipv6');
    expect(wildcardOf([['*:22', '*:*'], ['[::ffff:127.0.0.1]:8005', '*:*']])).toBe('ipv6');
    expect(wildcardOf([['*:22', '*:*']])).toBe('ipv6');
  });

  it.each([
    ['0100007F:0035', '127.0.0.1:53'],
    ['00000000:0016', '0.0.0.0:22'],
    ['00000000000000000000000000000000:0016', '[::]:22'],
    ['00000000000000000000000001000000:0019', '[::1]:25'],
    ['0000000000000000FFFF00000200090A:2329', '[::ffff:10.9.0.2]:9001'],
    ['000080FE00000000FF005E0201000000:0222', '[fe80::25e:ff:0:1]:546'],
    ['B80D01200000000067452301EFCDAB89:FFFF', '[2001:db8::123:4567:89ab:cdef]:65535'],
  ])('decodes %s of /proc', (text, key) => {
    expect(decodeHexLocal(text)?.key).toBe(key);
  });

  it('writes IPv6 as inet_ntop does, and reads back to the same bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 16, maxLength: 16 }), (bytes) => {
        const text = formatIpv6(bytes);
        expect(expand(text)).toEqual(bytes);
        expect(text).not.toContain(':::');
      }),
      { seed: 4, numRuns: 2_000 },
    );
    expect(formatIpv6([0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1])).toBe('2001:0:0:1::1');
    expect(formatIpv6([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])).toBe('::1.2.3.4');
  });

  it('decodes any IPv4 address and port', () => {
    fc.assert(
      fc.property(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)), fc.nat(65_535), (bytes, port) => {
        const hex = [...bytes].reverse().map((byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase();
        expect(decodeHexLocal(`${hex}:${port.toString(16).padStart(4, '0')}`)?.key).toBe(`${bytes.join('.')}:${port}`);
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});

/** A second, independent reading of an IPv6 address. */
function expand(text: string): number[] {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = dotted?.[2]?.split('.').map(Number) ?? [];
  const [left = '', right] = (dotted?.[1]?.replace(/([^:]):$/, '$1') ?? text).split('::');
  const groups = (part: string | undefined): number[] =>
    (part ?? '').split(':').filter((group) => group !== '').flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 255];
    });
  const [head, end] = [groups(left), [...groups(right), ...tail]];
  return [...head, ...Array.from({ length: 16 - head.length - end.length }, () => 0), ...end];
}

describe('listeners', () => {
  it('reads current and most waiting connections', () => {
    const facts = parseFixture('linux-6.18/server', 'ss_listen');
    expect(facts.problems).toEqual([]);
    const full = rowOf(facts, 'listener', 'tcp 0.0.0.0:9000');
    expect(plain(full.gauges)).toEqual({ recv_q: 5, send_q: 4 });
    expect(plain(full.labels)).toEqual({ local: '0.0.0.0:9000', address: '0.0.0.0', port: '9000' });
    expect(rowOf(facts, 'listener', 'tcp 10.9.0.2:9005').labels.get('local')).toBe('10.9.0.2%v1:9005');
    expect(facts.rows.map((row) => row.key)).toEqual([
      'tcp 0.0.0.0:9000',
      'tcp 10.9.0.2:9005',
      'tcp 10.9.0.2:9004',
      'tcp 10.9.0.2:9004 #2',
      'tcp [::]:9003',
      'tcp [::]:9001',
      'tcp [::1]:9002',
    ]);
  });

  it('gives the same keys from ss, from ss with processes and from /proc', () => {
    for (const host of ['linux-6.18/server', 'linux-6.12-debian-13/ns', 'linux-6.1-debian-12/ns', 'linux-5.10-debian-11/ns']) {
      const keys = (source: string): string[] =>
        parseFixture(host, source).rows.filter((row) => row.table === 'listener').map((row) => row.key).sort();
      expect(keys('ss_listen').length).toBeGreaterThan(0);
      expect(keys('ss_process')).toEqual(keys('ss_listen'));
      expect(keys('proc_tcp')).toEqual(keys('ss_listen'));
    }
    const old = (source: string): string[] => parseFixture('linux-3.10-centos-7', source).rows.map((row) => row.key);
    expect(old('ss_listen')).toEqual(['tcp 0.0.0.0:9000', 'tcp 0.0.0.0:22', 'tcp 127.0.0.1:25', 'tcp [::]:9000', 'tcp [::]:22', 'tcp [::1]:25']);
    expect(old('ss_process')).toEqual(['udp 0.0.0.0:68', 'udp 127.0.0.1:323', 'udp [::1]:323', 'tcp 0.0.0.0:9000', 'tcp 0.0.0.0:22', 'tcp [::]:22']);
  });

  it('names the first process, with any characters', () => {
    const facts = parseFixture('linux-3.10-centos-7', 'ss_process');
    expect(facts.problems).toEqual([]);
    const row = rowOf(facts, 'listener', 'tcp 0.0.0.0:9000');
    expect(row.labels.get('process')).toBe('worker (prod)');
    expect(row.labels.get('pid')).toBe('4711');
    const odd = parse('ss_process', 'Netid State Recv-Q Send-Q Local Peer\ntcp LISTEN 0 1 0.0.0.0:1 0.0.0.0:* users:(("a",b"$(x)",pid=7,fd=3))\ntcp LISTEN 0 1 0.0.0.0:2 0.0.0.0:* users:(("sshd",1234,3))\n');
    expect(odd.rows.map((each) => [each.labels.get('process'), each.labels.get('pid')])).toEqual([
      ['a",b"$(x)', '7'],
      ['sshd', '1234'],
    ]);
  });

  it('reads a host without ss from /proc', () => {
    const facts = parseFixture('linux-4.19-busybox', 'proc_tcp');
    expect(facts.problems).toEqual([]);
    const row = rowOf(facts, 'listener', 'tcp 0.0.0.0:80');
    expect(plain(row.gauges)).toEqual({ recv_q: 129 });
    expect(facts.rows.filter((each) => each.table === 'listener').map((each) => each.key)).toEqual([
      'tcp 0.0.0.0:80',
      'tcp 127.0.0.1:53',
      'tcp [::]:80',
      'tcp [fe80::25e:ff:0:1]:22',
    ]);
    expect(plain(rowOf(facts, 'synrecv', '80').gauges)).toEqual({ count: 2 });
    expect(facts.gauges.get('synrecv.count')).toBe(2);
  });

  it('does not take a limit that ss could not read for 0', () => {
    const facts = parseFixture('linux-5.10-debian-11/ns', 'ss_listen');
    expect(plain(rowOf(facts, 'listener', 'tcp 0.0.0.0:9000').gauges)).toEqual({ recv_q: 5 });
    expect(facts.problems).toEqual(['The limits of the accept queues are missing: the kernel module tcp_diag is not loaded.']);
    const zero = parse('ss_listen', 'State Recv-Q Send-Q\nLISTEN 1 0 0.0.0.0:1 0.0.0.0:*\nLISTEN 0 5 0.0.0.0:2 0.0.0.0:*\n');
    expect(zero.rows.map((row) => row.gauges.get('send_q'))).toEqual([0, 5]);
    expect(zero.problems).toEqual([]);
    expect(plain(rowOf(parseFixture('linux-6.12-debian-13/ns', 'ss_listen'), 'listener', 'tcp 0.0.0.0:9000').gauges)).toEqual({ recv_q: 5, send_q: 4 });
  });

  it('says what it cannot read and reads the rest', () => {
    const facts = parse('ss_listen', 'LISTEN 0 5 0.0.0.0:1 0.0.0.0:*\nLISTEN 0\nLISTEN x 5 0.0.0.0:2 0.0.0.0:*\n');
    expect(facts.rows.map((row) => row.key)).toEqual(['tcp 0.0.0.0:1', 'tcp 0.0.0.0:2']);
    expect(plain(rowOf(facts, 'listener', 'tcp 0.0.0.0:2').gauges)).toEqual({ send_q: 5 });
    expect(facts.problems).toEqual(['The header line is missing.', 'Line 2: not understood.', 'Line 3: a value is not a number.']);
    expect(parse('ss_listen', '').problems).toEqual(['The text is empty.']);
    expect(parse('proc_tcp', '').problems).toEqual(['The text is empty.']);
  });
});

describe('half-open connections', () => {
  it('counts by port, the same from ss and from /proc', () => {
    for (const source of ['ss_synrecv', 'proc_tcp']) {
      const facts = parseFixture('linux-6.18/server', source);
      expect(facts.gauges.get('synrecv.count')).toBe(3);
      expect(rowOf(facts, 'synrecv', '9001').gauges.get('count')).toBe(2);
      expect(rowOf(facts, 'synrecv', '9004').gauges.get('count')).toBe(1);
    }
  });

  it('adds the addresses of one port; empty text means none', () => {
    const facts = parse('ss_synrecv', '3 10.0.0.1:80\n4 [::ffff:10.0.0.1]:80\nx 1:2\n');
    expect(rowOf(facts, 'synrecv', '80').gauges.get('count')).toBe(7);
    expect(facts.problems).toEqual(['Line 3: not understood.']);
    const none = parse('ss_synrecv', '');
    expect(none.gauges.get('synrecv.count')).toBe(0);
    expect(none.problems).toEqual([]);
  });
});

describe('UDP', () => {
  it('reads queue, drops and owner', () => {
    const facts = parseFixture('linux-6.18/server', 'proc_udp');
    expect(facts.problems).toEqual([]);
    const row = rowOf(facts, 'udp', 'udp 10.9.0.2:5300');
    expect(plain(row.counters)).toEqual({ drops: 1435 });
    expect(plain(row.gauges)).toEqual({ recv_q: 6912, send_q: 0 });
    expect(row.labels.get('uid')).toBe('0');
    expect(row.labels.get('inode')).toBe('70378');
  });

  it('gives the same keys as ss', () => {
    const host = 'linux-6.18/server';
    const udp = (source: string): string[] => parseFixture(host, source).rows.filter((row) => row.table === 'udp').map((row) => row.key);
    const ofProc = [...udp('proc_udp'), ...udp('proc_udp6')];
    expect(udp('ss_process').length).toBe(7);
    for (const key of udp('ss_process')) expect(ofProc).toContain(key);
    expect(udp('proc_udp6')).toEqual(['udp [::]:5301', 'udp [::]:5302', 'udp [::1]:5303']);
  });

  it('numbers sockets of one address, the unconnected first', () => {
    const facts = parseFixture('linux-4.19-busybox', 'proc_udp');
    expect(rowOf(facts, 'udp', 'udp 127.0.0.1:53').counters.get('drops')).toBe(77);
    expect(rowOf(facts, 'udp', 'udp 127.0.0.1:53 #2').counters.get('drops')).toBe(1);
    expect(parseFixture('linux-4.19-busybox', 'proc_udp6').rows.map((row) => row.key)).toEqual(['udp [fe80::25e:ff:0:1]:546']);
  });

  it('reads what remains of a garbled line, and kernels without drops', () => {
    const header = 'sl local_address rem_address st tx_queue rx_queue\n';
    const facts = parse('proc_udp', `${header} 1: 0100007F:0035 00000000:0000 07 xx:yy 00:00000000 00000000 0 0 12\n 2: zz 0 07\n`);
    const row = rowOf(facts, 'udp', 'udp 127.0.0.1:53');
    expect([row.gauges.size, row.counters.size, row.labels.get('inode')]).toEqual([0, 0, '12']);
    expect(facts.problems).toEqual(['Line 2: a value is not a number.', 'Line 3: not understood.']);
  });
});

describe('established connections', () => {
  it('reads a sender that the peer has stopped', () => {
    const facts = parseFixture('linux-6.18/client', 'ss_established');
    expect(facts.problems).toEqual([]);
    const row = rowOf(facts, 'socket', '10.9.0.1:41850 10.9.0.2:9001');
    expect(plain(row.labels)).toEqual({ local: '10.9.0.1:41850', peer: '10.9.0.2:9001', timer: 'persist' });
    expect(plain(row.gauges)).toMatchObject({
      send_q: 326904,
      notsent: 326904,
      rwnd_limited_pct: 97.8,
      sndbuf_limited_pct: 0,
      backoff: 4,
      rto: 224,
      rtt: 20.98,
      cwnd: 45,
      retrans: 0,
      unacked: 0,
      skmem_tb: 311040,
      pmtu: 1500,
    });
    expect(plain(row.counters)).toEqual({
      drops: 0,
      bytes_sent: 510536,
      bytes_retrans: 124528,
      bytes_acked: 134737,
      bytes_received: 0,
      segs_out: 360,
      segs_in: 68,
      data_segs_out: 354,
      data_segs_in: 0,
      delivered: 95,
      rwnd_limited_ms: 5876,
      sndbuf_limited_ms: 0,
      retrans_total: 86,
      dsack_dups: 0,
    });
    expect(facts.gauges.get('sockets.left_out')).toBe(0);
  });

  it('reads a receiver that does not read, as printed', () => {
    const facts = parseFixture('linux-6.18/server', 'ss_established');
    const row = rowOf(facts, 'socket', '[::ffff:10.9.0.2]:9001 [::ffff:10.9.0.1]:41850');
    expect(row.gauges.get('recv_q')).toBe(134736);
    expect(row.gauges.get('skmem_r')).toBe(139728);
    expect(row.gauges.get('snd_wnd')).toBe(64512);
    expect(row.counters.get('drops')).toBe(4);
    expect(row.counters.get('bytes_received')).toBe(134736);
  });

  it('reads the process in its own listing, under the same key', () => {
    for (const host of ['linux-6.18/client', 'linux-6.18/server']) {
      const [socket] = parseFixture(host, 'ss_established').rows;
      const facts = parseFixture(host, 'ss_socket_process');
      expect(facts.problems).toEqual([]);
      expect(rowOf(facts, 'socket', socket?.key ?? '').labels.get('process')).toBe('python3');
    }
  });

  it('reads an old ss, and does not invent what it did not know', () => {
    const facts = parseFixture('linux-3.10-centos-7', 'ss_established');
    expect(facts.problems).toEqual([]);
    expect(facts.gauges.get('sockets.left_out')).toBe(3);
    const lossy = rowOf(facts, 'socket', '10.0.0.5:443 203.0.113.9:51544');
    expect(plain(lossy.gauges)).toMatchObject({ unacked: 12, lost: 12, retrans: 1, cwnd: 1, backoff: 0 });
    expect(plain(lossy.counters)).toEqual({ retrans_total: 37 });
    for (const name of ['notsent', 'rwnd_limited_pct', 'snd_wnd']) expect(lossy.gauges.has(name)).toBe(false);
    expect(rowOf(facts, 'socket', '::ffff:10.0.0.5:8080 ::ffff:10.0.0.77:40112').labels.get('timer')).toBe('keepalive');
    const later = rowOf(parseFixture('linux-5.15-ubuntu-22.04', 'ss_established'), 'socket', '10.0.1.7:42360 10.0.1.9:5201');
    expect(later.counters.get('bytes_sent')).toBe(73120455810);
    expect(later.counters.get('retrans_total')).toBe(199);
    expect(later.gauges.get('rwnd_limited_pct')).toBe(98.8);
    expect(later.gauges.get('snd_wnd')).toBe(1024);
  });

  it('does not invent zeros where ss has read /proc only', () => {
    const [row] = parseFixture('linux-5.10-debian-11/host', 'ss_established').rows;
    expect(row?.labels.get('timer')).toBe('persist');
    expect(row?.gauges.get('cwnd')).toBe(2);
    for (const name of ['unacked', 'lost', 'retrans', 'notsent']) expect(row?.gauges.has(name)).toBe(false);
    expect(row?.counters.size).toBe(0);
  });

  it('notes a list that is cut off, and values that are garbled', () => {
    const facts = parse('ss_established', 'Recv-Q Send-Q Local Peer\n0 9 1.2.3.4:5 6.7.8.9:10 timer:(on\n\t mss:1448 retrans:x/3 cwnd:ten lost:2 skmem:(r1,??) rwnd_limited:5ms\nnonsense\n\t cwnd:1\n');
    const row = rowOf(facts, 'socket', '1.2.3.4:5 6.7.8.9:10');
    expect(plain(row.gauges)).toEqual({ recv_q: 0, send_q: 9, mss: 1448, lost: 2, skmem_r: 1, unacked: 0, backoff: 0, lastsnd: 0, lastrcv: 0 });
    expect(plain(row.counters)).toEqual({ retrans_total: 3, rwnd_limited_ms: 5 });
    expect(facts.problems.at(0)).toBe('Line 2: a value is not a number.');
    expect(facts.problems).toContain('Line 4: not understood.');
    expect(facts.problems).not.toContain('Line 5: not understood.');
    expect(parse('ss_established', 'Recv-Q Send-Q\n\t cwnd:1\n').problems[0]).toBe('Line 2: not understood.');
    expect(parse('ss_established', 'Recv-Q Send-Q\n').problems).toEqual(['The list of sockets is cut off.']);
  });
});
