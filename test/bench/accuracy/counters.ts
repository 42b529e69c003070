import type { Host } from '../../lab/lab.js';
import { succeed } from '../../lab/processes.js';

/** What the peers read: the kernel's counters and levels of one host at one moment. */
export interface Counters {
  /** `TcpExt.ListenDrops`, `Ip.InReceives`, `softnet.dropped`, `sockstat.TCP.mem`, `nf_conntrack.count` … */
  readonly values: ReadonlyMap<string, number>;
  /** Columns of /proc/net/dev, and the speed in Mbit/s where the link has one. */
  readonly interfaces: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

const COLUMNS = [
  ...['rx_bytes', 'rx_packets', 'rx_errs', 'rx_drop', 'rx_fifo', 'rx_frame', 'rx_compressed', 'rx_multicast'],
  ...['tx_bytes', 'tx_packets', 'tx_errs', 'tx_drop', 'tx_fifo', 'tx_colls', 'tx_carrier', 'tx_compressed'],
];

const OF_THE_HOST = ['/proc/net/netstat', '/proc/net/snmp', '/proc/net/dev', '/proc/net/sockstat', '/proc/sys/net/netfilter/nf_conntrack_count'];
const OF_THE_MACHINE = ['/proc/net/softnet_stat', '/proc/sys/net/ipv4/tcp_mem', '/proc/sys/net/ipv4/tcp_max_orphans', '/proc/sys/net/netfilter/nf_conntrack_max'];

/** Reads them, those of the machine from the first namespace. */
export async function readCounters(host: Host | 'machine'): Promise<Counters> {
  const script = (files: readonly string[], more = ''): readonly string[] => [
    ...['sh', '-c', `for f in ${files.join(' ')}; do echo "== $f"; cat $f 2>/dev/null; done; ${more} true`],
  ];
  const speeds = 'for s in /sys/class/net/*/speed; do n=${s%/speed}; echo "== speed ${n##*/}"; cat $s 2>/dev/null; done;';
  const inside = host === 'machine' ? [] : ['ip', 'netns', 'exec', host.netns];
  const text = (await succeed([...inside, ...script(OF_THE_HOST, speeds)])) + (await succeed(script(OF_THE_MACHINE)));
  const values = new Map<string, number>();
  const interfaces = new Map<string, Map<string, number>>();
  const link = (name: string): Map<string, number> => {
    const known = interfaces.get(name) ?? new Map<string, number>();
    interfaces.set(name, known);
    return known;
  };
  for (const part of text.split(/^== /m).slice(1)) {
    const [title = '', ...lines] = part.trimEnd().split('\n');
    if (title.endsWith('/netstat') || title.endsWith('/snmp')) readPairs(lines, values);
    else if (title.endsWith('/dev')) {
      for (const line of lines.slice(2)) {
        const [name = '', numbers = ''] = line.split(/:\s*/);
        numbers.split(/\s+/).forEach((number, index) => link(name.trim()).set(COLUMNS[index] ?? '', Number(number)));
      }
    } else if (title.endsWith('/sockstat')) {
      for (const line of lines) {
        const [protocol = '', ...rest] = line.split(/[:\s]+/);
        for (let i = 0; i + 1 < rest.length; i += 2) values.set(`sockstat.${protocol}.${rest[i]}`, Number(rest[i + 1]));
      }
    } else if (title.endsWith('/softnet_stat')) {
      const column = (index: number): number => lines.reduce((sum, line) => sum + parseInt(line.split(/\s+/)[index] ?? '0', 16), 0);
      values.set('softnet.dropped', column(1)).set('softnet.squeezed', column(2));
    } else if (title.startsWith('speed ')) {
      const speed = Number(lines[0]);
      if (speed > 0) link(title.slice('speed '.length)).set('speed', speed);
    } else {
      const name = title.slice(title.lastIndexOf('/') + 1);
      (lines[0] ?? '').split(/\s+/).forEach((number, index) => number !== '' && values.set(index === 0 ? name : `${name}.${index}`, Number(number)));
    }
  }
  return { values, interfaces };
}

/** Two lines for each group: names, then numbers. */
function readPairs(lines: readonly string[], values: Map<string, number>): void {
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const names = lines[i]?.split(/\s+/) ?? [];
    const numbers = lines[i + 1]?.split(/\s+/) ?? [];
    const group = (names[0] ?? '').replace(/:$/, '');
    names.forEach((name, index) => index > 0 && values.set(`${group}.${name}`, Number(numbers[index])));
  }
}
