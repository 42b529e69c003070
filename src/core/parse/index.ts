import type { Parser } from '../facts.js';
import { SYSCTLS } from '../settings.js';
import type { SourceId } from '../sources.js';
import { parseDev } from './dev.js';
import { parseEthtool } from './ethtool.js';
import { parseIfInet6, parseRt6Stats } from './ipv6.js';
import { parseIpLink } from './ip-link.js';
import { parseConnectionStates, parseFileNr, parsePorts, parseProcessFiles, parseCaptures } from './limits.js';
import { parseLinkConf } from './link-conf.js';
import { parseNeighbours } from './neighbours.js';
import { parseNetstat } from './netstat.js';
import { perCpuParser } from './percpu.js';
import { parseProcTcp, parseProcUdp } from './proc-sockets.js';
import { parseCgroupCpu, parseProcStat, parseVmstat } from './proc-stat.js';
import { parseRoutes } from './routes.js';
import { numberParser, parseBootId, parseUptime, sysctlParser } from './single.js';
import { parseSnmp6 } from './snmp6.js';
import { sockstatParser } from './sockstat.js';
import { parseSoftnet } from './softnet.js';
import { parseSsListen, parseSsProcess, parseSsSynRecv } from './ss-listen.js';
import { parseSsSockets } from './ss-sockets.js';
import { parseSysfs } from './sysfs.js';
import { parseTcQdisc } from './tc-qdisc.js';
import { parseXfrm } from './xfrm.js';

const PARSERS: ReadonlyMap<SourceId, Parser> = new Map<SourceId, Parser>([
  ['uptime', parseUptime],
  ['boot_id', parseBootId],
  ['netstat', parseNetstat],
  ['snmp', parseNetstat],
  ['snmp6', parseSnmp6],
  ['dev', parseDev],
  ['softnet', parseSoftnet],
  ['sockstat', sockstatParser('sockstat')],
  ['sockstat6', sockstatParser('sockstat6')],
  ['conntrack_stat', perCpuParser('nf_conntrack')],
  ['conntrack_count', numberParser('nf_conntrack.count')],
  ['conntrack_max', numberParser('nf_conntrack.max')],
  ['arp_cache', perCpuParser('arp_cache')],
  ['ndisc_cache', perCpuParser('ndisc_cache')],
  ['rt_cache', perCpuParser('rt_cache')],
  ['xfrm_stat', parseXfrm],
  ...SYSCTLS.map((path): [SourceId, Parser] => {
    const id = `sysctl.${path.replaceAll('/', '.')}`;
    return [id, sysctlParser(id)];
  }),
  ['proc_udp', parseProcUdp],
  ['proc_udp6', parseProcUdp],
  ['sysfs', parseSysfs],
  ['ip_link', parseIpLink],
  ['ss_listen', parseSsListen],
  ['proc_tcp', parseProcTcp],
  ['ss_synrecv', parseSsSynRecv],
  ['ss_established', parseSsSockets],
  ['tc_qdisc', parseTcQdisc],
  ['ss_process', parseSsProcess],
  ['ss_socket_process', parseSsSockets],
  ['ethtool', parseEthtool],
  ['proc_stat', parseProcStat],
  ['cgroup_cpu', parseCgroupCpu],
  ['file_nr', parseFileNr],
  ['vmstat', parseVmstat],
  ['if_inet6', parseIfInet6],
  ['rt6_stats', parseRt6Stats],
  ['routes', parseRoutes],
  ['neighbours', parseNeighbours],
  ['link_conf', parseLinkConf],
  ['process_files', parseProcessFiles],
  ['ports', parsePorts],
  ['tcp_states', parseConnectionStates],
  ['captures', parseCaptures],
]);

/** The parser of a source's text; `undefined` for an id that is not in SOURCES. */
export function parserFor(id: SourceId): Parser | undefined {
  return PARSERS.get(id);
}
