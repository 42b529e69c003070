import { mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { succeed } from '../../lab/processes.js';

/** A plain count of the reasons for which the kernel freed packets, in a trace of its own. */
export class DropTrace implements AsyncDisposable {
  readonly #mount: string;
  readonly #instance: string;

  private constructor(mount: string, instance: string) {
    this.#mount = mount;
    this.#instance = instance;
  }

  static async open(): Promise<DropTrace> {
    const mount = await mkdtemp(join(tmpdir(), 'accuracy-'));
    await succeed(['mount', '-t', 'tracefs', 'none', mount]);
    const instance = join(mount, 'instances', `accuracy-${process.pid}`);
    await mkdir(instance);
    return new DropTrace(mount, instance);
  }

  async start(): Promise<void> {
    await writeFile(join(this.#instance, 'trace'), '');
    await writeFile(join(this.#instance, 'events/skb/kfree_skb/enable'), '1');
  }

  /** Reason → how often since the start, the most frequent first. */
  async stop(): Promise<ReadonlyMap<string, number>> {
    await writeFile(join(this.#instance, 'events/skb/kfree_skb/enable'), '0');
    const counts = new Map<string, number>();
    for (const [, reason = ''] of (await readFile(join(this.#instance, 'trace'), 'utf8')).matchAll(/ reason: (\w+)/g)) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    return new Map([...counts].toSorted(([, a], [, b]) => b - a));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rmdir(this.#instance);
    await succeed(['umount', this.#mount]);
    await rm(this.#mount, { recursive: true });
  }
}

/** Events of one reason below which the count says nothing. */
const FEW = 3;

/** Sockets that are closed free what is left in them, and the reason that names none: nobody takes those for a loss. */
const NOTHING = new Set(['QUEUE_PURGE', 'SOCKET_CLOSE', 'SKB_CONSUMED', 'UNIX_DISCONNECT', 'UNIX_SKIP_OOB', 'NOT_SPECIFIED']);

/** The reasons that a person would look at. */
export const telling = (counts: ReadonlyMap<string, number>): readonly string[] =>
  [...counts].filter(([reason, count]) => count >= FEW && !NOTHING.has(reason)).map(([reason]) => reason);

const FIREWALL = ['nf-drop-input', 'nf-drop-output', 'nf-drop-forward', 'nf-reject', 'nf-netdev-ingress', 'nf-arp-drop', 'nf-rate-limit', 'nf-bridge-drop', 'nfqueue-full', 'ct-invalid-drop', 'ct-table-full', 'ct-insert-failed'];

/** Reason → the causes to which it leads a person who knows it. */
export const REASONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['NETFILTER_DROP', FIREWALL],
  ['NO_SOCKET', ['tcp-port-not-listening', 'udp-port-not-listening']],
  ['SOCKET_RCVBUFF', ['app-not-reading-udp']],
  ['SOCKET_FILTER', ['socket-filter-drop']],
  ['SOCKET_BACKLOG', ['tcp-backlog-drop']],
  ['PROTO_MEM', ['udp-mem-limit', 'tcp-rcvq-mem-drop', 'tcp-memory-pressure', 'tcp-ofo-drop', 'tcp-prune-collapse']],
  ['TCP_CSUM', ['tcp-checksum']],
  ['UDP_CSUM', ['udp-checksum']],
  ['IP_CSUM', ['ip-checksum']],
  ['IP_INHDR', ['ip-header-error', 'ip-ttl-expired']],
  ['PKT_TOO_SMALL', ['ip-truncated']],
  ['PKT_TOO_BIG', ['ip-frag-needed', 'pmtu-blackhole']],
  ['IP_INADDRERRORS', ['ip-forward-disabled']],
  ['IP_INNOROUTES', ['ip-no-route-in']],
  ['IP_OUTNOROUTES', ['ip-no-route-out', 'link-admin-down', 'tcp-listendrop-other']],
  ['IP_RPFILTER', ['ip-rp-filter']],
  ['IP_NOPROTO', ['ip-unknown-proto']],
  ['IP_LOCALNET', ['ip-martian']],
  ['IP_LOCAL_SOURCE', ['ip-martian']],
  ['IP_INVALID_SOURCE', ['ip-martian']],
  ['IP_INVALID_DEST', ['ip-martian']],
  ['IPV6DISABLED', ['ipv6-disabled']],
  ['XFRM_POLICY', ['xfrm-policy-block']],
  ['FRAG_REASM_TIMEOUT', ['ip-reasm-timeout']],
  ['FRAG_TOO_FAR', ['ip-reasm-memory']],
  ['NOMEM', ['ip-reasm-memory', 'nic-rx-alloc-fail']],
  ['NEIGH_FAILED', ['neigh-failed', 'neigh-wrong-mac']],
  ['NEIGH_QUEUEFULL', ['neigh-queue-full']],
  ['NEIGH_CREATEFAIL', ['neigh-table-full']],
  ['QDISC_DROP', ['qdisc-overlimit', 'qdisc-class-limit', 'link-no-carrier', 'nic-carrier-flap']],
  ['TC_INGRESS', ['tc-ingress-egress-drop']],
  ['TC_EGRESS', ['tc-ingress-egress-drop']],
  ['XDP', ['xdp-drop']],
  ['CPU_BACKLOG', ['softnet-backlog', 'softnet-flow-limit']],
  ['FULL_RING', ['tun-reader-stuck']],
  ['NO_TX_TARGET', ['vxlan-no-fdb']],
  ['UNHANDLED_PROTO', ['unknown-ethertype']],
  ['OTHERHOST', ['ip-otherhost', 'neigh-wrong-mac', 'vlan-unknown']],
  ['TCP_MD5NOTFOUND', ['tcp-md5-ao-mismatch']],
  ['TCP_MD5UNEXPECTED', ['tcp-md5-ao-mismatch']],
  ['TCP_MD5FAILURE', ['tcp-md5-ao-mismatch']],
  ['TCP_MINTTL', ['tcp-minttl']],
  ['TCP_RFC7323_PAWS', ['tcp-paws']],
  ['TCP_ZEROWINDOW', ['tcp-zero-window-drop', 'app-not-reading-tcp']],
  ['TCP_INVALID_SEQUENCE', ['tcp-sequence-out-of-window', 'tcp-beyond-window']],
  ['TCP_INVALID_END_SEQUENCE', ['tcp-beyond-window', 'tcp-rcvq-mem-drop']],
  ['TCP_INVALID_SYN', ['tcp-sequence-out-of-window']],
  ['TCP_OFO_DROP', ['tcp-ofo-drop']],
  ['TCP_OFO_QUEUE_PRUNE', ['tcp-prune-collapse', 'tcp-ofo-drop']],
  ['TCP_RESET', ['tcp-rst-received', 'tcp-port-not-listening']],
  ['TCP_LISTEN_OVERFLOW', ['tcp-last-ack-overflow', 'app-accept-too-slow']],
  ['TCP_ABORT_ON_DATA', ['app-close-with-unread-data']],
]);
