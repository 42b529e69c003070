import { FrameReader, frameMark, type FramePart } from '../../src/collect/probe/frames.js';
import { SYSFS_ATTRIBUTES } from '../../src/core/settings.js';

export const INTERFACES = 200;
const LISTENERS = 500;
/** As many as the probe lists at most. */
const BUSY = 256;
const UDP = 1_244;
export const SOCKETS = LISTENERS + BUSY + UDP;

/**
 * The answer of a large host: that of a real one, in which the interfaces, queueing disciplines and sockets are
 * replaced by many made ones. All values are fixed, so that two runs measure the same.
 */
export function bigFrame(nonce: string, own: Uint8Array): Uint8Array {
  const [event] = new FrameReader(nonce).push(own);
  if (event?.kind !== 'frame') throw new Error('the answer of this host holds no frame');
  const made = new Map<string, string>([
    ['sysfs', sysfs()],
    ['ip_link', ipLink()],
    ['ss_listen', listeners()],
    ['ss_established', established()],
    ['ss_process', processes()],
    ['tc_qdisc', qdiscs()],
  ]);
  const mark = frameMark(nonce);
  const parts = event.frame.parts.map((part) => written(mark, part, made));
  return Buffer.from(`\n${mark} begin 1\n${parts.join('')}${mark} end 1\n`);
}

function written(mark: string, part: FramePart, made: ReadonlyMap<string, string>): string {
  const text = part.name === 'files' ? withFiles(part.text) : (made.get(part.name) ?? part.text);
  return `${mark} part ${part.name}\n${text}\n${mark} done 0\n`;
}

/** Replaces the files that have one line per interface or socket. */
function withFiles(text: string): string {
  const made = new Map([
    ['/proc/net/dev', dev()],
    ['/proc/net/udp', udp()],
  ]);
  return text
    .split(/^(?===> )/m)
    .map((file) => {
      const path = /^==> (.+) <==\n/.exec(file)?.[1] ?? '';
      const body = made.get(path);
      return body === undefined ? file : `==> ${path} <==\n${body}\n`;
    })
    .join('');
}

const each = (count: number, line: (index: number) => string): string => Array.from({ length: count }, (_, index) => line(index)).join('\n');
const name = (index: number): string => `veth${index}`;
const address = (index: number): string => `10.0.${index >> 8}.${index & 255}`;

function dev(): string {
  const header =
    'Inter-|   Receive                                                |  Transmit\n' +
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
  return header + each(INTERFACES, (i) => `${name(i)}: ${i * 9001} ${i * 7} 0 ${i} 0 0 0 0 ${i * 8009} ${i * 6} 0 0 0 0 0 0`) + '\n';
}

function sysfs(): string {
  const words = new Map([
    ['mtu', '1500'],
    ['speed', '10000'],
    ['duplex', 'full'],
    ['operstate', 'up'],
    ['flags', '0x1003'],
  ]);
  return SYSFS_ATTRIBUTES.map((attribute) => each(INTERFACES, (i) => `./${name(i)}/${attribute}:${words.get(attribute) ?? String(i)}`)).join('\n');
}

function ipLink(): string {
  const counters = { bytes: 4_251_320, packets: 31_134, errors: 0, dropped: 3 };
  const links = Array.from({ length: INTERFACES }, (_, i) => ({
    ifindex: i + 1,
    ifname: name(i),
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: 1500,
    qdisc: 'noqueue',
    operstate: 'UP',
    txqlen: 1000,
    link_type: 'ether',
    linkinfo: { info_kind: 'veth' },
    stats64: {
      rx: { ...counters, over_errors: 0, multicast: 0, length_errors: 0, crc_errors: 0, frame_errors: 0, fifo_errors: 0, missed_errors: 0, nohandler: i, otherhost: i },
      tx: { ...counters, carrier_errors: 0, collisions: 0, aborted_errors: 0, fifo_errors: 0, window_errors: 0, heartbeat_errors: 0, carrier_changes: 2 },
    },
  }));
  return JSON.stringify(links);
}

function listeners(): string {
  const header = 'State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n';
  return header + each(LISTENERS, (i) => `LISTEN 0      4096   ${address(i)}:${1024 + i}      0.0.0.0:*          `);
}

function established(): string {
  const header = 'Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n';
  const line = (i: number): string =>
    `${i} ${i * 100} ${address(i)}:${1024 + i} 192.0.2.${i & 255}:443 skmem:(r0,rb131072,t0,tb87040,f0,w0,o0,bl0,d${i}) cubic wscale:7,7 rto:204 ` +
    'rtt:0.5/0.25 ato:40 mss:1448 pmtu:1500 rcvmss:1448 advmss:1448 cwnd:10 bytes_sent:1000 bytes_retrans:10 bytes_acked:990 segs_out:20 segs_in:18 ' +
    'send 231680000bps lastsnd:4 lastrcv:4 lastack:4 pacing_rate 463360000bps delivered:20 busy:8ms rwnd_limited:4ms(50.0%) retrans:0/1 notsent:100 minrtt:0.4';
  return `${header}${each(BUSY, line)}\ndroplens-left-out 0`;
}

function processes(): string {
  const header = 'Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n';
  return header + each(LISTENERS, (i) => `tcp   LISTEN 0      4096   ${address(i)}:${1024 + i}      0.0.0.0:*    users:(("worker-${i}",pid=${1000 + i},fd=3))`);
}

function qdiscs(): string {
  const one = (i: number): string =>
    `qdisc pfifo_fast 0: dev ${name(i)} root refcnt 2 bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1\n` +
    ` Sent 4251320 bytes 31134 pkt (dropped ${i}, overlimits 0 requeues 1) \n backlog 0b 0p requeues 1`;
  return each(INTERFACES, one);
}

function udp(): string {
  const header = '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            \n';
  const port = (i: number): string => (2048 + i).toString(16).toUpperCase().padStart(4, '0');
  return header + each(UDP, (i) => `${2048 + i}: 0100007F:${port(i)} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 ${90_000 + i} 2 0000000000000000 ${i}`) + '\n';
}
