import type { Flow, FlowProtocol, Tuple } from './flow.js';

/** Most sockets that one listing may have; the rest are counted. */
export const LISTED_SOCKETS = 512;
/** Most addresses of the other host that are asked for. */
const MOST_ADDRESSES = 64;

/**
 * Sockets with everything that the kernel knows of them, between two looks at the host's own clock. Parameters:
 * `DL_PROTOCOL` tcp or udp, `DL_FILTER` a filter of ss(8) (may be empty), `DL_TO` an address to find the way to (may be empty).
 * Each socket stands on one line, its details behind it.
 */
export const FLOW_SCRIPT =
  `dl_clock() { read -r dl_up dl_rest </proc/uptime; echo "droplens-$1 $dl_up"; }; dl_clock begin; ` +
  `case $DL_PROTOCOL in tcp) set -- -tinmo state established state close-wait state fin-wait-1 state fin-wait-2 state closing state last-ack;; *) set -- -uanm;; esac; ` +
  `ss "$@" \${DL_FILTER:+"$DL_FILTER"} | awk -v max=${LISTED_SOCKETS} 'NR==1{if(/Recv-Q/){print "droplens-sockets";next} print;next} ` +
  `/^[ \\t]/{if(keep){sub(/[ \\t]+$/,"");l=l " " $0} next} {if(l!="")print l; l=""; keep=n++<max; if(keep){sub(/[ \\t]+$/,"");l=$0}} ` +
  `END{if(l!="")print l; print "droplens-all",n+0}'; dl_clock end; ` +
  // UDP counts what is sent for the host, so that it matters who else may have sent.
  `case $DL_PROTOCOL in udp) ss -uan | awk 'END{print "droplens-udp",NR-1}';; esac; ` +
  `case $DL_TO in ?*) ip -o route get "$DL_TO" | awk '{for(i=1;i<NF;i++)if($i=="dev"){print "droplens-dev",$(i+1);exit}}';; esac; true`;

/** The addresses by which a host can be reached: those of the whole world and of its site. */
export const ADDRESS_SCRIPT = `ip -o addr show scope global | awk '{split($4,a,"/"); print a[1]}'; ip -o addr show scope site | awk '{split($4,a,"/"); print a[1]}'; echo droplens-end`;

/** Parameters of {@link FLOW_SCRIPT}. */
export type FlowQuery = ReadonlyMap<'DL_PROTOCOL' | 'DL_FILTER' | 'DL_TO', string>;

/** Asks a host for one flow as it sees it. */
export function queryFlow(protocol: FlowProtocol, tuple: Tuple, end: 'sender' | 'receiver'): FlowQuery {
  const [own, other] = end === 'sender' ? [tuple.sender, tuple.receiver] : [tuple.receiver, tuple.sender];
  // A UDP socket need not be connected, and then has no port of a peer.
  const peer = protocol === 'tcp' ? ` and dport = :${other.port}` : '';
  return new Map([
    ['DL_PROTOCOL', protocol],
    ['DL_FILTER', `( sport = :${own.port}${peer} )`],
    ['DL_TO', other.address],
  ]);
}

/** Asks a host for everything that it has open towards these addresses of another. UDP sockets are all listed: few are connected. */
export function queryTowards(protocol: FlowProtocol, addresses: readonly string[]): FlowQuery {
  const those = addresses.slice(0, MOST_ADDRESSES).map((address) => `dst ${address.includes(':') ? `[${address}]` : address}`);
  return new Map([
    ['DL_PROTOCOL', protocol],
    ['DL_FILTER', protocol === 'tcp' ? `( ${those.join(' or ')} )` : ''],
    ['DL_TO', addresses[0] ?? ''],
  ]);
}

/** The query of a given flow, or of whatever goes on with the addresses of the other host. */
export function queryAt(end: 'sender' | 'receiver', flow: Flow): FlowQuery {
  return queryFlow(flow.protocol, end === 'receiver' && flow.there !== undefined ? flow.there : flow, end);
}
