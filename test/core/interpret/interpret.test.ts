import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INTERPRETER_NAMES, interpreterFor, viewOf, type Interpretation } from '../../../src/core/interpret/index.js';
import { MOST_ROWS } from '../../../src/core/interpret/support.js';
import { english } from '../../../src/core/message.js';
import { TableView, StepVerdict } from '../../../src/protocol/runbook.js';
import * as v from 'valibot';

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}.txt`, import.meta.url), 'utf8');

function read(name: string, output: string, exit: number | null = 0): Interpretation {
  const interpreter = interpreterFor(name);
  if (interpreter === undefined) throw new Error(`no interpreter ${name}`);
  return interpreter({ output, exit });
}

/** Verdict and sentence, as a person gets them. */
function say(name: string, output: string, exit: number | null = 0): string {
  const { verdict, sentence } = read(name, output, exit);
  return `${verdict}: ${english(sentence)}`;
}

/** Verdict, sentence: what each captured output must lead to. */
const CAPTURED: readonly (readonly [interpreter: string, fixture: string, expected: string | RegExp])[] = [
  ['sar-dev', 'sar-dev', 'ok: No link is near its speed. The busiest is ga0: 0.03 Mbit/s in, 8.5 Mbit/s out.'],
  ['sar-edev', 'sar-edev', 'ok: No interface counted errors or drops while sar watched.'],
  ['net-dev-rates', 'net-dev-rates', 'ok: No link is near its speed. The busiest is ga0: 0.03 Mbit/s in, 8.48 Mbit/s out.'],
  ['connection-rates', 'connection-rates', 'ok: Most data moves between 10.98.0.1:40570 and 10.97.0.2:9001: 8080.0 kbit/s (python3).'],
  ['process-rates', 'process-rates', 'ok: python3 (pid 22139) moves most: 8000.0 kbit/s.'],
  ['iftop', 'iftop', 'ok: Most traffic is between 10.98.0.1:40570 and 10.97.0.2:9001: 6286.7 kbit/s.'],
  ['nethogs', 'nethogs', 'ok: /usr/bin/python3 (pid 22184) moves most: 270.49 KiB/s out, 0.89 KiB/s in.'],
  ['go-trace', 'go-trace', 'ok: Goroutines waited 9.91s in all, most in internal/poll.(*FD).Read. Waiting to read is what an idle connection does.'],
  ['ss-listen', 'ss-listen', 'loss: Port 9000: 3 of 2 waiting: the accept queue is full; ss names python3 (pid 22139).'],
  ['counter-deltas', 'counter-deltas-accept', 'loss: 15 times a new connection met a full accept queue and was dropped (ListenOverflows).'],
  ['counter-deltas', 'counter-deltas-moved', /^loss: 15 times a new connection met a full accept queue/],
  ['counter-deltas', 'counter-deltas-udp', /^loss: 447 UDP datagrams were dropped because a socket’s receive buffer was full/],
  ['retransmit-share', 'retransmit-share', 'risk: 15 of 2551 segments (0.59 %) were retransmitted while watching.'],
  ['ss-established', 'ss-established-sender', /^loss: 1 connections are held up\. First: \d+ bytes from 10\.98\.0\.1:42312 to 10\.97\.0\.2:9002/],
  ['ss-established', 'ss-established-reader', /^loss: 1 connections are held up\. First: 10\.97\.0\.2:9002 has 128512 bytes unread from 10\.98\.0\.1:42312; the slow reader is here: python3\.$/],
  ['tc-qdisc', 'tc-qdisc', 'loss: ga0: the queueing discipline tbf dropped 132 packets while watching. ifconfig and ip do not show them.'],
  ['path-mtu', 'path-mtu-blackhole', 'risk: Packets of 1300 bytes pass and of 1304 vanish without an answer (interface ga0: 1500): a path-MTU black hole, or a host that ignores large pings.'],
  ['ping', 'ping-ok', 'ok: All 20 pings were answered. Round trip 0.048 ms on average.'],
  ['ping', 'ping-loss', 'loss: 6 of 20 pings were lost (30 %). Round trip 0.047 ms on average.'],
  ['ping', 'ping-unreach', 'loss: None of 20 pings was answered; a router said: Destination Host Unreachable.'],
  ['mtr', 'mtr-loss', 'loss: 15 % loss at the last hop only (10.97.0.2): that host, its firewall, or its limit for ICMP. Ask again with TCP.'],
  ['mtr', 'mtr-limited', 'harmless: No loss at the last hop. 1 hops before it answered rarely, which is their limit for ICMP and no loss.'],
];

test.each(CAPTURED)('%s reads the captured %s', (name, file, expected) => {
  const said = say(name, fixture(file));
  if (typeof expected === 'string') expect(said).toBe(expected);
  else expect(said).toMatch(expected);
});

const mtr = (...rows: readonly string[]): string => `Start: 2026-01-01T00:00:00+0000\nHOST: a   Loss%   Snt   Last   Avg  Best  Wrst StDev\n${rows.join('\n')}\n`;

describe('mtr', () => {
  test('loss that begins in the middle and stays is found where it begins, over silent hops', () => {
    const text = mtr(
      '  1.|-- 10.0.0.1      60.0%    20    0.4   0.4   0.3   0.5   0.1',
      '  2.|-- 10.0.0.2       0.0%    20    0.4   0.4   0.3   0.5   0.1',
      '  3.|-- 10.0.0.3      20.0%    20    0.4   0.4   0.3   0.5   0.1',
      '  4.|-- ???           100.0    20    0.0   0.0   0.0   0.0   0.0',
      '  5.|-- 10.0.0.5      15.0%    20    0.4   0.4   0.3   0.5   0.1',
    );
    expect(say('mtr', text)).toBe('loss: 15 % loss reaches the last hop. It begins at hop 3 (10.0.0.3) and stays: look there, or on the link before it.');
    expect(read('mtr', text).tables[0]?.rows.map((row) => row.mark)).toEqual(['harmless', null, 'loss', null, 'loss']);
  });
  test('wide reports with AS numbers and addresses', () => {
    const text = mtr('  1. AS???    |-- gw (10.0.0.1)  0.0%  100  0.4  0.4  0.3  0.5  0.1', '  2. AS15169  |-- dns.google (8.8.8.8)  3.0%  100  9.4  9.4  9.3  9.5  0.1');
    expect(say('mtr', text)).toMatch(/^loss: 3 % loss at the last hop only \(dns\.google \(8\.8\.8\.8\)\)/);
  });
  test('one lost probe is no proof; a silent end cannot be judged', () => {
    expect(say('mtr', mtr('  1.|-- 10.0.0.1  5.0%  20  0.4  0.4  0.3  0.5  0.1'))).toMatch(/^risk: 1 of 20 probes/);
    expect(say('mtr', mtr('  1.|-- 10.0.0.1  5.0%  20  0.4  0.4  0.3  0.5  0.1', '  2.|-- ???  100.0  20  0.0  0.0  0.0  0.0  0.0'))).toMatch(/^unknown: Cannot tell, because the last hop never answered/);
    expect(say('mtr', 'mtr: Failed to resolve host: x: Name or service not known', 1)).toBe('unknown: Cannot tell, because mtr failed: Failed to resolve host: x: Name or service not known');
  });
});

describe('ping', () => {
  test('of busybox, with duplicates, and without rights', () => {
    expect(say('ping', '4 packets transmitted, 2 packets received, 50% packet loss\nround-trip min/avg/max = 0.1/0.2/0.3 ms\n', 1)).toBe('loss: 2 of 4 pings were lost (50 %). Round trip 0.2 ms on average.');
    expect(say('ping', '3 packets transmitted, 3 received, +2 duplicates, 0% packet loss, time 400ms\nrtt min/avg/max/mdev = 1/2/3/4 ms')).toMatch(/^risk: No ping was lost, but 2 came back twice/);
    expect(say('ping', 'ping: socket: Operation not permitted', 2)).toMatch(/needs root/);
    expect(say('ping', 'ping: nowhere: Name or service not known', 2)).toMatch(/Name or service not known/);
  });
});

describe('path-mtu', () => {
  const base = 'address 10.0.0.1\ninterface eth0 1500\n';
  test.each([
    ['unsupported', 'unknown: Cannot tell, because the ping of this host cannot set DF; install iputils.'],
    ['unreachable', 'unknown: Cannot tell, because the host does not answer even a small ping.'],
    [`${base}probe 1500 passed -\nlargest-passed 1500\nsmallest-failed 1501\n`, 'ok: Packets as large as the MTU of eth0 (1500) pass.'],
    [`${base}probe 1500 failed 1300\nprobe 1300 passed -\nlargest-passed 1300\nsmallest-failed 1500\n`, 'ok: The path MTU is 1300, smaller than 1500 of eth0. A router says so, so path-MTU discovery works.'],
    ['address 127.0.0.1\ninterface lo 65536\nprobe 65535 passed -\nlargest-passed 65535\nsmallest-failed 65536\n', 'ok: Packets as large as the MTU of lo (65536) pass.'],
    [`${base}largest-passed 1400\nsmallest-failed 1404\nunsteady\n`, 'unknown: Cannot tell, because a size that had failed passed later: the path loses packets of any size.'],
  ])('%j', (text, expected) => {
    expect(say('path-mtu', text)).toBe(expected);
  });
});

describe('counters', () => {
  test('ListenDrops beyond the overflows has its own sentence', () => {
    expect(say('counter-deltas', 'TcpExt.ListenDrops 0 432\nTcpExt.ListenOverflows 0 0\n')).toMatch(/^loss: 432 packets to listening sockets were dropped for another reason/);
  });
  test('cookies are a risk, not loss; time_squeeze is harmless; a fall is no loss', () => {
    expect(say('counter-deltas', 'TcpExt.ListenDrops 1 1\nTcpExt.TCPReqQFullDoCookies 0 391')).toMatch(/^risk: 391 times a SYN queue was full/);
    expect(say('counter-deltas', 'softnet.dropped 0 0\nsoftnet.time_squeeze 5 9')).toMatch(/^harmless/);
    expect(say('counter-deltas', 'Udp.RcvbufErrors 900 3')).toMatch(/^unknown: Cannot tell, because counters were set back/);
    expect(say('counter-deltas', 'Udp.RcvbufErrors 4294967290 4')).toMatch(/^loss: 10 UDP datagrams/);
    expect(say('counter-deltas', 'droplens-watched 3\n')).toBe('ok: No protocol counter moved while watching.');
  });
  test('totals never alarm', () => {
    expect(say('netstat-counters', 'TcpExt.ListenOverflows 4343\nUdp.NoPorts 3\n')).toMatch(/^ok: 1 loss counters have moved since boot\. That is history/);
  });
  test('spurious retransmission is not loss; a share needs traffic', () => {
    expect(say('retransmit-share', 'Tcp.OutSegs 0 1000\nTcp.RetransSegs 0 50\nTcpExt.TCPDSACKRecv 0 48')).toMatch(/^harmless: 50 of 1050/);
    expect(say('retransmit-share', 'Tcp.OutSegs 0 1000\nTcp.RetransSegs 0 50\nTcpExt.TCPDSACKRecv 0 2')).toMatch(/^loss/);
    expect(say('retransmit-share', 'Tcp.OutSegs 0 10\nTcp.RetransSegs 0 3')).toMatch(/too little traffic/);
  });
});

describe('queues and tables', () => {
  test('accept queue: holds one more than its limit', () => {
    const head = 'State  Recv-Q Send-Q Local Address:Port Peer Address:Port\n';
    expect(say('ss-listen', `${head}LISTEN 128 128 0.0.0.0:9000 0.0.0.0:*`)).toMatch(/^risk: Port 9000: 128 of 128/);
    expect(say('ss-listen', `${head}LISTEN 129 128 *:9000 *:* users:(("nginx",812,3))`)).toBe('loss: Port 9000: 129 of 128 waiting: the accept queue is full; ss names nginx (pid 812).');
    expect(say('ss-listen', head)).toBe('ok: No TCP socket listens here.');
  });
  test('SYN queue', () => {
    expect(say('syn-recv', 'half-open limit listener\n65 64 0.0.0.0:9000\n')).toMatch(/^risk: Port 9000: 65 half-open, limit 64: the SYN queue is full/);
    expect(say('syn-recv', 'half-open limit listener\n')).toBe('ok: No connection is half-open.');
  });
  test('conntrack', () => {
    const table = (count: number, drop: number, failed: number): string => `count ${count}\nmax 100\nbuckets 100\nstat drop 5 ${5 + drop}\nstat insert_failed 1 ${1 + failed}\n`;
    expect(say('conntrack', 'absent\n')).toMatch(/^ok: The nf_conntrack module is not loaded/);
    expect(say('conntrack', table(100, 3, 0))).toMatch(/^loss: The connection table is full/);
    expect(say('conntrack', table(10, 3, 3))).toMatch(/raced through NAT/);
    expect(say('conntrack', table(85, 0, 0))).toMatch(/^risk: .*85 %/);
    expect(say('conntrack', table(10, 0, 0))).toMatch(/^ok/);
  });
  test('qdisc: AQM drops on purpose, totals are silent, a parent is not counted beside its child', () => {
    const one = (kind: string, dropped: number, parent = 'root'): string => `qdisc ${kind} 8001: dev eth0 ${parent} limit 10p\n Sent 0 bytes 0 pkt (dropped ${dropped}, overlimits 0 requeues 0)\n backlog 0b 0p requeues 0\n`;
    expect(say('tc-qdisc', one('pfifo', 100))).toMatch(/^ok: These are totals/);
    expect(say('tc-qdisc', `${one('fq_codel', 1)}droplens-again\n${one('fq_codel', 9)}`)).toMatch(/^harmless: eth0: fq_codel dropped 8/);
    const both = (n: number): string => one('htb', n) + one('pfifo', n, 'parent 1:10');
    expect(read('tc-qdisc', `${both(1)}droplens-again\n${both(6)}`).tables[0]?.rows.map((row) => row.mark)).toEqual(['loss', null]);
  });
});

describe('interfaces', () => {
  test('split by reason', () => {
    expect(say('ip-link-deltas', 'eth0 rx_dropped 1 5\n')).toMatch(/^risk: eth0: rx_dropped rose by 4\. Mostly harmless/);
    expect(say('ip-link-deltas', 'eth0 rx_dropped 1 5\neth0 rx_missed_errors 0 2\n')).toBe('loss: eth0 loses frames now: rx_missed_errors rose by 2.');
    expect(say('ip-link-deltas', '$(reboot) otherhost 1 5\n')).toBe('harmless: $(reboot): otherhost rose by 4; no loss by itself.');
  });
  test.each([
    ['iproute2 6', '    RX:  bytes packets errors dropped  missed   mcast\n     9     9      0       7       0       0\n    RX errors:  length    crc   frame    fifo overrun otherhost\n                     0      0       0       0       0         3\n'],
    ['iproute2 3', '    RX: bytes  packets  errors  dropped overrun mcast   \n    9          9        0       7       0       0      \n    RX errors: length   crc     frame   fifo    missed\n               0        0       0       0       3       \n'],
  ])('totals of %s', (_, body) => {
    const result = read('ip-link', `2: eth0@if3: <UP> mtu 1500 qdisc fq\n    link/ether 00\n${body}`);
    expect(result.verdict).toBe('ok');
    expect(result.tables[0]?.rows.map((row) => row.cells[2])).toEqual(['7', '3']);
  });
  test('driver counters, rings, links', () => {
    const stats = (n: number): string => `droplens-interface eth0\nNIC statistics:\n     rx_out_of_buffer: ${n}\n     bw_in_allowance_exceeded: 0\n     rx_xdp_drops: ${n}\n`;
    expect(say('ethtool-stats', `${stats(1)}droplens-again\n${stats(5)}`)).toMatch(/^loss: eth0 loses packets now: rx_out_of_buffer rose by 4/);
    expect(say('ethtool-stats', stats(5))).toMatch(/^unknown: Cannot tell/);
    const ring = 'Ring parameters for eth0:\nPre-set maximums:\nRX:\t\t4096\nRX Mini:\tn/a\nRX Jumbo:\tn/a\nTX:\t\t4096\nCurrent hardware settings:\nRX:\t\t256\nTX:\t\t256\n';
    expect(say('ethtool-ring', ring)).toMatch(/^ok: eth0: the receive ring has 256 of at most 4096/);
    expect(say('ethtool-ring', `droplens-interface eth0\n${ring}`)).toMatch(/256 of at most 4096/);
    expect(say('ethtool-link', 'Settings for eth0:\n\tSpeed: 100Mb/s\n\tDuplex: Half\n\tLink detected: yes\n')).toMatch(/^risk: eth0 runs at half duplex/);
    const link = (n: number): string => `Settings for eth0:\n\tSpeed: -1\n\tState: up\n\tCarrier-changes: ${n}\n`;
    expect(say('ethtool-link', `${link(2)}droplens-again\n${link(4)}`)).toBe('loss: eth0: carrier-changes rose by 2 while watching.');
    expect(say('mtu-list', 'interface mtu state\neth0 1500 up\ntun0 1400 unknown\nlo 65536 unknown\n')).toMatch(/different MTUs \(1500, 1400\)/);
    expect(say('txqueuelen', 'before 1000\nafter 1500\n')).toBe('ok: txqueuelen was 1000 and is 1500. To undo, set 1000 again.');
  });
  test('sar with AM and PM, and a busy link', () => {
    const text = '10:00:01 AM IFACE rxpck/s txpck/s rxkB/s txkB/s rxcmp/s txcmp/s rxmcst/s %ifutil\n10:00:02 AM eth0 10 10 118000.0 3.0 0 0 0 96.66\n';
    expect(say('sar-dev', text)).toMatch(/^risk: eth0 uses 96.66 % of its speed/);
    expect(say('sar-edev', '10:00:01 IFACE rxerr/s txerr/s coll/s rxdrop/s\n10:00:02 eth0 0.00 0.00 0.00 3.00\n')).toMatch(/^risk: eth0: 3 rxdrop\/s/);
  });
});

describe('settings and the log', () => {
  test('sysctl', () => {
    expect(say('sysctl', 'net.ipv4.tcp_syncookies = 0\nnet.core.somaxconn = 4096\n')).toMatch(/^risk: SYN cookies are off/);
    expect(say('sysctl', 'net.ipv4.tcp_abort_on_overflow = 0\n')).toMatch(/^ok/);
    expect(say('sysctl', 'net.core.somaxconn before = 4096\nnet.core.somaxconn = 8192\n')).toBe('ok: net.core.somaxconn was 4096 and is 8192. To undo: sysctl -w net.core.somaxconn="4096"');
    expect(say('sysctl', 'net.core.somaxconn before = 4096\nsysctl: permission denied on key "net.core.somaxconn"\n', 255)).toMatch(/^unknown: Cannot tell, because the host refused to change net\.core\.somaxconn/);
    expect(say('sysctl', 'net.ipv4.tcp_syncookies is on already; nothing was changed\n')).toMatch(/^ok: Nothing was changed/);
  });
  test('a message of the log counts by its age', () => {
    const log = (at: string): string => `[${at}] nf_conntrack: nf_conntrack: table full, dropping packet\ndroplens-lines-read 9\ndroplens-uptime 90000.5\n`;
    expect(say('dmesg', log('89999.100000'))).toMatch(/^loss/);
    expect(say('dmesg', log('89000.100000'))).toMatch(/^risk: .* 17 minutes old/);
    expect(say('dmesg', log('   10.100000'))).toMatch(/^ok: .* 25 hours old: history/);
    expect(say('dmesg', 'dmesg: read kernel buffer failed: Operation not permitted\ndroplens-lines-read 1\n')).toMatch(/^unknown: .*only root/);
    expect(say('dmesg', 'droplens-lines-read 300\ndroplens-uptime 1\n')).toMatch(/^ok/);
  });
  test('go', () => {
    expect(say('go-tools', 'go missing\ncurl /usr/bin/curl\n')).toMatch(/^ok: Go is not installed/);
    expect(say('go-trace', 'curl: (7) Failed\ndroplens: the trace could not be fetched\n', 1)).toMatch(/^unknown: Cannot tell, because no trace came/);
    expect(say('go-trace', 'Type: delay\nShowing nodes accounting for 4s, 100% of 4s total\n flat flat% sum% cum cum%\n 3s 75.00% 75.00% 3s 75.00%  internal/poll.(*FD).Write\n')).toMatch(/^risk: .*75 %/);
  });
});

describe('whatever a host prints', () => {
  const hostile = ['', '\n\n', '\0\x01\x02\xff', '\x1b[2J\x1b]0;x\x07', '<script>alert(1)</script>', '$(reboot)', '__proto__ 1 2\nconstructor 3 4', 'sh: 1: ss: not found', '{'.repeat(1000)];
  test.each(INTERPRETER_NAMES)('%s: nonsense and nothing cannot be judged', (name) => {
    for (const output of hostile) {
      const { verdict, sentence } = read(name, output, 127);
      expect(verdict, JSON.stringify(output)).toBe('unknown');
      expect(english(sentence)).toMatch(/^Cannot tell, because /);
    }
  });

  const pieces = CAPTURED.flatMap(([, file]) => fixture(file).split('\n'));
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.array(fc.oneof(fc.constantFrom(...pieces, 'droplens-again', 'droplens-interface \x1b[31m', 'Settings for ‮x:', 'count 99999999999999999999'), fc.string({ maxLength: 60 })), { maxLength: 40 }).map((parts) => parts.join('\n')),
  );
  test.each(INTERPRETER_NAMES)('%s: never throws, keeps to its shape', (name) => {
    fc.assert(
      fc.property(text, fc.option(fc.integer({ min: 0, max: 255 })), (output, exit) => {
        const result = read(name, output, exit);
        v.parse(StepVerdict, result.verdict);
        const view = viewOf(result, english);
        expect(view.sentence).not.toMatch(/\{\d\}/);
        if (result.verdict === 'unknown') expect(view.sentence).toMatch(/^Cannot tell, because /);
        for (const table of view.tables) {
          v.parse(TableView, table);
          expect(table.rows.length).toBeLessThanOrEqual(MOST_ROWS);
          expect(new Set(table.rows.map((row) => row.key)).size).toBe(table.rows.length);
          for (const row of table.rows) {
            expect(row.cells.length).toBe(table.columns.length);
            expect(row.cells.join('')).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
          }
        }
      }),
      { seed: 20260731, numRuns: 60 },
    );
  });

  test.each(INTERPRETER_NAMES)('%s: a truncated capture is read or refused, never misjudged by throwing', (name) => {
    for (const [interpreter, file] of CAPTURED) {
      if (interpreter !== name) continue;
      const whole = fixture(file);
      for (let cut = 0; cut < whole.length; cut += 37) expect(() => read(name, whole.slice(0, cut), null)).not.toThrow();
    }
  });

  test('rows are capped and counted, the gravest kept', () => {
    const many = Array.from({ length: 1000 }, (_, i) => `LISTEN ${i === 999 ? 9 : 0} 5 10.0.${i >> 8}.${i & 255}:80 0.0.0.0:*`).join('\n');
    const table = read('ss-listen', `State Recv-Q Send-Q Local Address:Port Peer Address:Port\n${many}`).tables[0];
    expect(table?.rows.length).toBe(MOST_ROWS);
    expect(table?.more).toBe(1000 - MOST_ROWS);
    expect(table?.rows[0]?.mark).toBe('loss');
  });

  test.each(INTERPRETER_NAMES)('%s: time grows with the length only', (name) => {
    const shapes = [' '.repeat(2_000_000), 'a'.repeat(2_000_000), `users:(("${'"'.repeat(500_000)}`, '1.|-- '.repeat(200_000), '\n'.repeat(1_000_000), '=> 1Mb <= '.repeat(100_000), 'x/1/'.repeat(300_000)];
    for (const output of shapes) {
      const start = performance.now();
      read(name, output);
      expect(performance.now() - start).toBeLessThan(3_000);
    }
  });
});
